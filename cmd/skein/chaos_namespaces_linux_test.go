package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// insideNamespaces is set in a test that runs in namespaces of its own.
const insideNamespaces = "SKEIN_TEST_IN_NAMESPACES"

// inNamespaces runs the test once more, as a process that has networks, mounts and
// process numbers of its own: what is cut, mounted and started there is seen by nobody
// else, and is gone with that process however it ends. It reports true when that is
// done, and false in that process, and with the reason where the machine does not
// allow it.
func inNamespaces(t *testing.T) (done bool, why string) {
	if os.Getenv(insideNamespaces) != "" {
		return false, ""
	}
	probe := exec.CommandContext(t.Context(), "ip", "link", "set", "lo", "up")
	probe.SysProcAttr = newNamespaces()
	if out, err := probe.CombinedOutput(); err != nil {
		return false, strings.TrimSpace(fmt.Sprintf("namespaces with networks of their own are not allowed here: %v %s", err, out))
	}
	_, subtests, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	args := []string{"-test.run=^" + t.Name() + "$/" + subtests}
	if testing.Verbose() {
		args = append(args, "-test.v")
	}
	if at, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(at).String())
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), insideNamespaces+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = newNamespaces()
	// The process gets the signal when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Run(); err != nil {
		t.Errorf("in namespaces of its own: %v", err)
	}
	return true, ""
}

// newNamespaces are for root, and for a user who becomes root of one for users.
func newNamespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// network is a bridge, and a namespace for every process, which a cable joins to it.
// The test itself is at the bridge.
type network struct{ sites int }

// site is where a process runs: an address, and the namespace and the cable of that.
type site struct {
	host, name string
	loopback   bool
}

// nowhere is a hardware address that nobody has.
const nowhere = "02:00:00:ff:ff:ff"

// openNetwork makes the bridge of a process that inNamespaces has started; nil when
// it has not.
func openNetwork(t *testing.T) *network {
	if os.Getenv(insideNamespaces) == "" {
		return nil
	}
	for _, mount := range []struct {
		kind, at string
		flags    uintptr
	}{{"", "/", syscall.MS_REC | syscall.MS_PRIVATE}, {"proc", "/proc", 0}, {"tmpfs", "/run", 0}} {
		if err := syscall.Mount(mount.kind, mount.at, mount.kind, mount.flags, ""); err != nil {
			t.Fatalf("mount %s at %s: %v", mount.kind, mount.at, err)
		}
	}
	ip(t, "link set lo up")
	ip(t, "link add hub type bridge")
	ip(t, "address add 10.77.0.1/16 dev hub")
	ip(t, "link set hub up")
	return &network{}
}

// ip runs the program of that name.
func ip(t *testing.T, command string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "ip", strings.Fields(command)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", command, err, out)
	}
}

// hub is the host by which processes reach the test.
func (n *network) hub() string {
	if n == nil {
		return "127.0.0.1"
	}
	return "10.77.0.1"
}

// add makes a site.
func (n *network) add(t *testing.T) site {
	if n == nil {
		return site{host: "127.0.0.1", loopback: true}
	}
	n.sites++
	s := site{host: fmt.Sprintf("10.77.%d.%d", 1+n.sites/250, 1+n.sites%250), name: "p" + strconv.Itoa(n.sites)}
	for _, command := range []string{
		"netns add $", "link add $ type veth peer name eth0 netns $", "link set $ master hub up",
		"-n $ link set lo up", "-n $ address add " + s.host + "/16 dev eth0", "-n $ link set eth0 up",
	} {
		ip(t, strings.ReplaceAll(command, "$", s.name))
	}
	return s
}

// in makes a command one that runs at a site.
func (s site) in(program string, args ...string) *exec.Cmd {
	if s.loopback {
		return exec.Command(program, args...)
	}
	// Both become the next: the process is the one that was started.
	return exec.Command("nsenter", append([]string{"--net=/run/netns/" + s.name, program}, args...)...)
}

// unplug takes a site's cable off the bridge: nothing comes or goes, and nobody is
// told.
func (s site) unplug(t *testing.T) { ip(t, "link set "+s.name+" down") }

func (s site) plug(t *testing.T) { ip(t, "link set "+s.name+" up") }

// part lets what two sites send to each other get lost; join ends that.
func part(t *testing.T, a, b site) {
	ip(t, fmt.Sprintf("-n %s neigh replace %s lladdr %s dev eth0 nud permanent", a.name, b.host, nowhere))
	ip(t, fmt.Sprintf("-n %s neigh replace %s lladdr %s dev eth0 nud permanent", b.name, a.host, nowhere))
}

func join(t *testing.T, a, b site) {
	ip(t, fmt.Sprintf("-n %s neigh del %s dev eth0", a.name, b.host))
	ip(t, fmt.Sprintf("-n %s neigh del %s dev eth0", b.name, a.host))
}
