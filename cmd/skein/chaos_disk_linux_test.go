package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// blkio is where the kernel lets the speed of disks be set, for groups of processes.
const blkio = "/sys/fs/cgroup/blkio"

// mountDisk gives a process that spills a small disk of its own: in memory, or where
// its speed is to be set a file behind the kernel's block layer.
func (c *chaos) mountDisk(t *testing.T, name string) string {
	dir := c.disk(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if c.network == nil || !c.setup.spills {
		return dir
	}
	if c.setup.slow && c.noSlowDisk == "" {
		if c.noSlowDisk = mountImage(dir); c.noSlowDisk == "" {
			return dir
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatalf("mount a disk at %s: %v", dir, err)
	}
	return dir
}

// mountImage mounts a file as a disk, or gives the reason why that cannot be.
func mountImage(dir string) (why string) {
	if _, err := os.Stat(filepath.Join(blkio, "blkio.throttle.write_bps_device")); err != nil {
		return fmt.Sprintf("slow disks need the blkio controller of control groups, version 1: %v", err)
	}
	image := filepath.Join(filepath.Dir(dir), "image-"+filepath.Base(dir))
	err := os.WriteFile(image, nil, 0o600)
	if err == nil {
		err = os.Truncate(image, 64<<20)
	}
	if err != nil {
		return err.Error()
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Sprintf("slow disks need %s: %v %s", command[0], err, strings.TrimSpace(string(out)))
		}
	}
	return ""
}

func (c *chaos) unmountDisk(t *testing.T, dir string) {
	if c.network == nil || !c.setup.spills {
		return
	}
	if err := syscall.Unmount(dir, 0); err != nil {
		t.Errorf("unmount %s: %v", dir, err)
	}
}

// slowDisk lets a worker write so little a second, for some seconds. Writes wait for the
// disk meanwhile: else they would be the kernel's, later, and not those of a process of
// which the speed is set. What the kernel remembers of a file is read as fast as ever.
func slowDisk(t *testing.T, _ *chaos, r *rand.Rand, p *process) {
	var disk syscall.Stat_t
	if err := syscall.Stat(p.disk, &disk); err != nil {
		t.Fatal(err)
	}
	group, err := os.MkdirTemp(blkio, "skein-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(p.cmd.Process.Pid)
	limit := func(bytes int64) error {
		line := fmt.Sprintf("%d:%d %d", disk.Dev>>8&0xfff, disk.Dev&0xff, bytes)
		return errors.Join(os.WriteFile(filepath.Join(group, "blkio.throttle.write_bps_device"), []byte(line), 0),
			os.WriteFile(filepath.Join(group, "blkio.throttle.read_bps_device"), []byte(line), 0))
	}
	remount := func(flags uintptr) error { return syscall.Mount("", p.disk, "", syscall.MS_REMOUNT|flags, "") }
	err = errors.Join(remount(syscall.MS_SYNCHRONOUS), limit(64<<10+r.Int64N(1<<20)), os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(pid), 0))
	time.Sleep(2*time.Second + upTo(r, 4*time.Second))
	err = errors.Join(err, limit(0), remount(0), os.WriteFile(filepath.Join(blkio, "cgroup.procs"), []byte(pid), 0))
	for range 50 { // threads leave it a little later
		if e := os.Remove(group); e == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}
