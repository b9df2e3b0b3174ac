package tpch

import (
	"fmt"
	"iter"
)

const (
	refreshBase = 1_500 // orders of one refresh pair at scale factor 1
	// One generation of pairs replaces the base data once. Every generation
	// inserts into the next slot of the sparse keys and deletes from the one
	// before.
	pairsPerGeneration = 1_000
	refreshPairs       = (sparseSlots - 1) * pairsPerGeneration
)

// RefreshPair is one pair of refresh functions, clauses 2.5 and 2.6: RF1
// inserts Orders and LineItems, RF2 deletes the orders with the keys of Deletes
// and their line items. Pairs are run in order, from 1.
type RefreshPair struct {
	gen         *generator
	first, end  int64 // rows of the random streams, after those of the base data
	deletes     span  // positions of the orders to go
	deletedSlot int64 // slot of their keys
}

// Refresh returns pair number pair, 1 to 3,000, of a data set. The rows are
// those of the reference generator for the pairs below 1,000; from there on it
// deletes keys that were never inserted.
func Refresh(sf ScaleFactor, pair int) (*RefreshPair, error) {
	orders := sf.times(refreshBase)
	if orders == 0 {
		return nil, fmt.Errorf("tpch: a refresh pair at scale factor %s has no orders", sf)
	}
	if pair < 1 || pair > refreshPairs {
		return nil, fmt.Errorf("tpch: refresh pair %d: want 1 to %d, more have no unused order keys", pair, refreshPairs)
	}
	generation, inGeneration := int64(pair-1)/pairsPerGeneration, int64(pair-1)%pairsPerGeneration
	first := OrdersTable.units(sf) + int64(pair-1)*orders
	position := inGeneration * orders
	gen := newGenerator(sf)
	gen.keys = orderKeys{slot: generation + 1, shift: first - position}
	return &RefreshPair{
		gen:         gen,
		first:       first,
		end:         first + orders,
		deletes:     span{position + 1, position + 1 + orders},
		deletedSlot: generation,
	}, nil
}

// Orders yields *Order, as Rows does.
func (r *RefreshPair) Orders() iter.Seq[Row] { return r.gen.rows(OrdersTable, r.first, r.end) }

// LineItems yields the *LineItem of Orders, in the same order.
func (r *RefreshPair) LineItems() iter.Seq[Row] { return r.gen.rows(LineItemTable, r.first, r.end) }

// Deletes yields the keys of the orders to delete.
func (r *RefreshPair) Deletes() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for position := r.deletes.first; position < r.deletes.end; position++ {
			if !yield(sparseKey(position, r.deletedSlot)) {
				return
			}
		}
	}
}
