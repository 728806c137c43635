package wholebuild

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// TestFullDisk runs TestInNamespace in a mount namespace of its own, so that no
// mount outlives it, as root or, in a user namespace, as anyone.
func TestFullDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestInNamespace$", "-test.v")
	cmd.Env = append(os.Environ(), "WHOLEBUILD_TOOL="+sitetest.Tool(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skip("SKIPPED: full disks are not tested, as no mount namespace can be made:", err)
	}
	if strings.Contains(string(out), "SKIPPED") {
		t.Skipf("%s", out)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// TestInNamespace fills disks of 24 megabytes: one that holds the destination
// alone, and one that holds the source, with public/ in it, and the cache.
func TestInNamespace(t *testing.T) {
	tool := os.Getenv("WHOLEBUILD_TOOL")
	if tool == "" {
		t.Skip("run by TestFullDisk")
	}
	for _, name := range []string{"destination", "site"} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			disk, site := filepath.Join(top, "disk"), filepath.Join(top, "site")
			if name == "site" {
				site = filepath.Join(disk, "site")
			}
			if err := os.Mkdir(disk, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"); err != nil {
				t.Skip("SKIPPED: full disks are not tested, as no tmpfs can be mounted:", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
			sitetest.CopyRepoSite(t, site)
			public := filepath.Join(disk, "public")
			args := []string{"build", "-d", public}
			if name == "site" {
				public, args = filepath.Join(site, "public"), []string{"build"}
			}
			run(t, 0, site, nil, tool, args...)
			old := published(t, public)
			writePosts(t, site, 40, 3, "word")

			// From a disk without a byte to one that all but suffices: another
			// place fails each time.
			filler := filepath.Join(disk, "filler")
			failures := 0
			for free := int64(0); ; free = max(16<<10, free*2) {
				fill(t, disk, filler, free)
				b := start(t, limit, site, nil, tool, args...)
				code, out := b.wait(t), b.out.String()
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				if code == 0 {
					t.Logf("%d bytes free: enough", free)
					break
				}
				failures++
				if code != 1 || !strings.Contains(out, "no space left on device") || !strings.Contains(out, "exit=1") {
					t.Errorf("%d bytes free: exit %d\n%s", free, code, out)
				}
				if diff := differ(old, published(t, public)); diff != "" {
					t.Fatalf("%d bytes free: public/ changed:\n%s", free, diff)
				}
				t.Logf("%d bytes free: exit %d\n%s", free, code, tail(out, 600))
				if free > 96<<20 {
					t.Fatal("no build succeeded")
				}
			}
			if failures < 3 {
				t.Errorf("%d builds failed, want three at least", failures)
			}
			if name == "site" {
				if got := entries(t, site); slices.Contains(got, ".public.duskpress") {
					t.Errorf("left in the site: %v", got)
				}
			}
			fresh := filepath.Join(top, "fresh")
			run(t, 0, site, nil, tool, "build", "-d", fresh)
			if diff := differ(published(t, fresh), published(t, public)); diff != "" {
				t.Errorf("the first build that had enough, against a fresh one:\n%s", diff)
			}
		})
	}
}

// fill writes a file until so many bytes of a disk are free.
func fill(t *testing.T, disk, filler string, free int64) {
	t.Helper()
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		var s syscall.Statfs_t
		if err := syscall.Statfs(disk, &s); err != nil {
			t.Fatal(err)
		}
		if int64(s.Bavail)*int64(s.Bsize) <= free {
			return
		}
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
