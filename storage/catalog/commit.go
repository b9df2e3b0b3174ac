package catalog

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// maxCommitAttempts is how often a commit that another was faster than is tried again.
const maxCommitAttempts = 100

// Share has the catalog kept in a log, which others commit to as well: it begins with
// what that has. committed is called after every commit of this process.
func (c *Catalog) Share(ctx context.Context, log *Log, committed func(csn int64)) error {
	changes, csn, err := log.checkpoint(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.log, c.committed = log, committed
	c.take(csn, changes)
	c.mu.Unlock()
	return c.Refresh(ctx)
}

// Shared reports whether the catalog is kept in a log.
func (c *Catalog) Shared() bool { return c.log != nil }

// take makes changes part of the state. The lock is held.
func (c *Catalog) take(csn int64, changes []change) {
	for _, x := range changes {
		x.apply(c.state)
		c.follow(x)
	}
	c.csn = csn
}

// Refresh takes over what others have committed.
func (c *Catalog) Refresh(ctx context.Context) error {
	if c.log == nil {
		return nil
	}
	c.commits.Lock()
	defer c.commits.Unlock()
	return c.refresh(ctx)
}

func (c *Catalog) refresh(ctx context.Context) error {
	for next := c.csn + 1; ; next++ { // only who holds commits changes csn
		changes, ok, err := c.log.read(ctx, c.log.path("log", next), next)
		if err != nil || !ok {
			return err
		}
		c.mu.Lock()
		c.take(next, changes)
		c.mu.Unlock()
	}
}

// Follow refreshes again and again until ctx ends: at least every interval, for whoever
// was not told of a commit. failed hears of errors, one after which it goes on.
func (c *Catalog) Follow(ctx context.Context, interval time.Duration, failed func(error)) {
	for {
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return
		}
		if err := c.Refresh(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}

// commit makes the changes that plan makes of the state, as one entry of the log if there
// is one. plan is asked again when others were faster; no change is no commit.
func (c *Catalog) commit(ctx context.Context, plan func(state) ([]change, error)) error {
	c.commits.Lock()
	defer c.commits.Unlock()
	for attempt := range maxCommitAttempts {
		if c.log != nil {
			if err := c.refresh(ctx); err != nil {
				return err
			}
		}
		c.mu.RLock()
		changes, err := plan(c.state)
		c.mu.RUnlock()
		if err != nil || len(changes) == 0 {
			return err
		}
		switch err := c.enter(ctx, changes); {
		case err == nil:
			return nil
		case !errors.Is(err, object.ErrExists):
			return sqlerr.Wrap(err, "catalog")
		}
		select {
		case <-time.After(rand.N(time.Duration(attempt+1) * 5 * time.Millisecond)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return sqlerr.New(sqlerr.SerializationFailure, "others changed the catalog %d times meanwhile", maxCommitAttempts).WithHint("Try again.")
}

// enter puts changes into the log and makes them part of the state.
func (c *Catalog) enter(ctx context.Context, changes []change) error {
	csn := c.csn + 1
	if c.log != nil {
		if err := c.log.put(ctx, "log", csn, changes); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.take(csn, changes)
	all := []change(nil)
	if c.log != nil && csn%checkpointEvery == 0 {
		all = c.state.changes()
		for _, x := range c.access.Changes() {
			all = append(all, accessChange{x})
		}
	}
	c.mu.Unlock()
	if c.log == nil {
		return nil
	}
	if all != nil {
		// Without it the next process reads the log from an earlier one.
		_ = c.log.put(ctx, "checkpoint", csn, all)
	}
	if c.committed != nil {
		c.committed(csn)
	}
	return nil
}
