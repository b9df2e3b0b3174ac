package worker

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/worker/spill"
)

// queryAccount is what a worker pays for a query: its runs, and what they leave in
// edges and in the result. It lives from the first run until the query has been
// closed and the last run has ended, whichever is later.
type queryAccount struct {
	*memory.Account
	query  string
	users  int             // runs, and one for the open query
	sealed *memory.Account // pays for sealed pieces in memory
	files  *spill.Query    // of pieces for which there is no memory; nil: none
}

// enter gives the account of a query to a run, which leaves it at its end.
func (w *Worker) enter(id string, q *exchange.Query) *queryAccount {
	w.mu.Lock()
	a := w.accounts[q]
	first := a == nil
	if first {
		a = &queryAccount{Account: w.res.Ledger.NewAccount("query " + id), query: id, users: 1}
		if a.sealed = a.Account; w.res.Spill != nil {
			a.sealed, a.files = a.Share(), w.res.Spill.Query(w.res.Pool, a.Account)
		}
		w.accounts[q] = a
	}
	a.users++
	w.mu.Unlock()
	if first {
		q.OnClose(func() { w.leave(q, a) })
	}
	return a
}

func (w *Worker) leave(q *exchange.Query, a *queryAccount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a.users--
	if a.users == 0 {
		if a.files != nil {
			a.files.Close()
		}
		if left := a.Close(); left > 0 { // an operator forgot it, or a reader was stopped with a batch in hand
			w.log.Debug("memory left by a query", "worker", w.Name, "query", a.query, "bytes", left)
		}
		delete(w.accounts, q)
	}
}
