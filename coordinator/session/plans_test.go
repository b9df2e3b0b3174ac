package session

import (
	"fmt"
	"testing"
)

func key(i int) planKey { return planKey{text: fmt.Sprint(i)} }

func TestPlansUsedLeastRecentlyGoFirst(t *testing.T) {
	var p plans
	for i := range maxPlans {
		p.put(&shape{key: key(i), bytes: 1})
	}
	p.get(key(0))
	p.put(&shape{key: key(maxPlans), bytes: 1})
	if p.get(key(0)) == nil || p.get(key(1)) != nil || p.get(key(maxPlans)) == nil {
		t.Error("the plan that went was not the one used least recently")
	}
	if p.order.Len() != maxPlans || p.bytes != maxPlans || len(p.elements) != maxPlans {
		t.Errorf("%d plans of %d bytes, %d keys", p.order.Len(), p.bytes, len(p.elements))
	}
}

func TestPlansAreBoundedByBytes(t *testing.T) {
	var p plans
	for i := range 100 {
		p.put(&shape{key: key(i), bytes: maxPlanBytes / 10})
		if p.bytes > maxPlanBytes {
			t.Fatalf("%d bytes", p.bytes)
		}
	}
	if p.order.Len() != 10 {
		t.Errorf("%d plans fit", p.order.Len())
	}
	p.put(&shape{key: key(99), bytes: maxPlanBytes})
	if p.get(key(99)) != nil {
		t.Error("a plan that leaves room for few others is kept, or what it replaces")
	}
	p.put(&shape{key: key(98), bytes: 1, system: true})
	if p.get(key(98)) != nil {
		t.Error("a plan that is never good again is kept")
	}
	if want := int64(8 * (maxPlanBytes / 10)); p.bytes != want {
		t.Errorf("%d bytes are counted, %d used", p.bytes, want)
	}
}
