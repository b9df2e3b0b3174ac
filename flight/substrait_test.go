package flight_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/codes"
)

// The fake takes the bytes of a plan for a text of its language.
func planOf(text string) flightsql.SubstraitPlan {
	return flightsql.SubstraitPlan{Plan: []byte(text), Version: "0.87.0"}
}

func TestAPlanRunsAsAStatementDoes(t *testing.T) {
	c, _ := serve(t, nil)
	info, err := c.ExecuteSubstrait(t.Context(), planOf("rows 10"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a small plan is in its ticket, which runs it again
		if batches, err := fetch(t, c, info); err != nil || count(batches) != 10 {
			t.Errorf("%d rows, %v", count(batches), err)
		}
	}
	poll, err := c.ExecuteSubstraitPoll(t.Context(), planOf("rows 3"), nil)
	if err != nil || poll.GetProgress() != 1 {
		t.Fatalf("%v, %v", poll, err)
	}
	if batches, err := fetch(t, c, poll.GetInfo()); err != nil || count(batches) != 3 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	schema, err := c.GetExecuteSubstraitSchema(t.Context(), planOf("rows 3"))
	if err != nil || len(schema.GetSchema()) == 0 {
		t.Errorf("%v, %v", schema, err)
	}
	if n, err := c.ExecuteSubstraitUpdate(t.Context(), planOf("rows 7")); err != nil || n != 7 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestALargePlanRunsOnce(t *testing.T) {
	c, _ := serve(t, nil)
	info, err := c.ExecuteSubstrait(t.Context(), planOf("rows 10"+strings.Repeat(" ", 100<<10)))
	if err != nil {
		t.Fatal(err)
	}
	if batches, err := fetch(t, c, info); err != nil || count(batches) != 10 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	if _, err := fetch(t, c, info); err == nil || !strings.Contains(err.Error(), "too long for a ticket") {
		t.Errorf("a second time: %v", err)
	}
}

func TestPlansAreRefusedAsStatementsAre(t *testing.T) {
	c, _ := serve(t, nil)
	_, err := c.ExecuteSubstrait(t.Context(), planOf("nonsense"))
	wantError(t, err, codes.InvalidArgument, "[42601]")
	_, err = c.PrepareSubstrait(t.Context(), flightsql.SubstraitPlan{})
	wantError(t, err, codes.InvalidArgument, "[XS004] substrait plan: it is empty")
}

func TestAPreparedPlanTakesParameters(t *testing.T) {
	c, fake := serve(t, nil)
	p, err := c.PrepareSubstrait(t.Context(), planOf("insert"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	if n := p.ParameterSchema().NumFields(); n != 1 {
		t.Errorf("%d parameters", n)
	}
	if len(fake.Effects()) != 0 {
		t.Error("preparing had an effect")
	}
}
