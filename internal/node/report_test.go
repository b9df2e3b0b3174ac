//go:build !race

package node

import (
	"testing"
)

// TestASmallQueryGoesWhereItsColumnsAre: a worker that has come later is as idle, but has
// nothing of the table in memory.
func TestASmallQueryGoesWhereItsColumnsAre(t *testing.T) {
	c := Config{ColumnBytes: 16 << 20}
	s, _ := startCluster(t, c, 1, clusteredTables(t))
	conn := connect(t, s)
	defer conn.Close()
	const text = "select count(*), sum(v) from dims where v % 2 = 1"
	rowsOf(t, conn, text)
	eventually(t, "the first worker says what it has", func() bool {
		state := s.coord.Loads(t.Context())["worker-1"].State
		return state != nil && state.Held() > 0
	})
	c.Threads, c.Version = 1, "1.0.0"
	c.Cluster = &Cluster{Name: "worker-2", Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t), Join: []string{s.peers.members.Load().Address()}}
	start(t, c, "")
	eventually(t, "both workers are known", func() bool { return s.coord.Workers() == 2 })
	inARow := 0
	eventually(t, "five runs one after the other are on the first worker", func() bool {
		rowsOf(t, conn, text)
		for _, q := range s.coord.Queries() {
			if q.Text != text {
				continue
			}
			if inARow++; len(q.Workers) != 1 || q.Workers[0] != "worker-1" {
				inARow = 0
			}
			break // the last one
		}
		return inARow == 5
	})
}
