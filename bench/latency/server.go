package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// server is a running skein.
type server struct {
	addr string
	cmd  *exec.Cmd
	out  io.ReadCloser
}

// startServer starts a server on a free port and waits until it is ready.
func startServer(ctx context.Context, binary, tables string) (*server, error) {
	cmd := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--tables", tables)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, out: out}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ready := strings.CutPrefix(strings.TrimSpace(line), "skein ready ")
	if !ready {
		s.stop()
		return nil, errors.Join(fmt.Errorf("%s does not become ready", binary), err)
	}
	s.addr = addr
	return s, nil
}

// stop ends the server and waits for it.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended
	_ = s.cmd.Wait()                          // a signal is how it should end
}
