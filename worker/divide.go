package worker

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// parts say what the scans of a fragment read that is divided among tasks.
type parts struct {
	scan      *physical.Scan                     // by task; nil: none
	own       map[*physical.Scan]int             // by task too: number among the followers
	followers map[*physical.Scan][]physical.File // the same for all tasks
}

// divide finds the scans that the message's tasks divide. What follows them is read once
// for all tasks, what any of them needs; but by each on its own where every task builds
// the join.
func (r *run) divide() (parts, error) {
	p := parts{own: map[*physical.Scan]int{}, followers: map[*physical.Scan][]physical.File{}}
	if r.message.Scan < 0 {
		return p, nil
	}
	var others []*physical.Scan
	i := 0
	physical.Scans(r.plan, func(s *physical.Scan, part physical.Part) {
		if i == r.message.Scan {
			p.scan = s
		} else {
			if part == physical.Own {
				p.own[s] = len(others)
			}
			others = append(others, s)
		}
		i++
	})
	for _, t := range r.message.Tasks {
		if len(t.Followers) != len(others) {
			return p, sqlerr.New(sqlerr.InternalError, "a bug in Skein: task %d says what %d scans read, not %d", t.Index, len(t.Followers), len(others))
		}
	}
	for f, scan := range others {
		if _, own := p.own[scan]; own {
			continue
		}
		u := union{at: map[string]int{}}
		for _, t := range r.message.Tasks {
			u.add(t.Followers[f])
		}
		p.followers[scan] = u.files()
	}
	return p, nil
}

// of is the files that the scans read in a task.
func (p parts) of(t *wire.Task) map[*physical.Scan][]physical.File {
	files := map[*physical.Scan][]physical.File{}
	for s, f := range p.followers {
		files[s] = f
	}
	for s, i := range p.own {
		files[s] = t.Followers[i]
	}
	if p.scan != nil {
		files[p.scan] = t.Files
	}
	return files
}

// union collects row groups, each once.
type union struct {
	list []physical.File
	at   map[string]int // by path: where in list
}

func (u *union) add(files []physical.File) {
	for _, f := range files {
		i, ok := u.at[f.Path]
		if !ok {
			i = len(u.list)
			u.at[f.Path] = i
			u.list = append(u.list, f)
			u.list[i].RowGroups = nil
		}
		u.list[i].RowGroups = append(u.list[i].RowGroups, f.RowGroups...)
	}
}

// files are the files, the row groups of each in order.
func (u *union) files() []physical.File {
	out := slices.Clone(u.list)
	for i := range out {
		slices.Sort(out[i].RowGroups)
		out[i].RowGroups = slices.Compact(out[i].RowGroups)
	}
	if out == nil {
		out = []physical.File{}
	}
	return out
}
