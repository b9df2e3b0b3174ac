//go:build !linux

package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// Without Linux's namespaces every process is on loopback, where nothing can be cut.

func inNamespaces(*testing.T) (done bool, why string) {
	return false, "namespaces with networks of their own are Linux's"
}

type network struct{}

type site struct {
	host, name string
	loopback   bool
}

func openNetwork(*testing.T) *network { return nil }

func (*network) hub() string { return "127.0.0.1" }

func (*network) add(*testing.T) site { return site{host: "127.0.0.1", loopback: true} }

func (site) in(program string, args ...string) *exec.Cmd { return exec.Command(program, args...) }

func (site) unplug(t *testing.T) { t.Fatal("nothing can be cut here") }

func (site) plug(*testing.T) {}

func part(t *testing.T, _, _ site) { t.Fatal("nothing can be cut here") }

func join(*testing.T, site, site) {}

func (c *chaos) mountDisk(t *testing.T, name string) string {
	if err := os.MkdirAll(c.disk(name), 0o700); err != nil {
		t.Fatal(err)
	}
	return c.disk(name)
}

func (*chaos) unmountDisk(*testing.T, string) {}

func slowDisk(t *testing.T, _ *chaos, _ *rand.Rand, _ *process) {
	t.Fatal("no disk is slow here")
}
