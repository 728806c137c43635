package wholebuild

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// TestFullDisk fills disks: one that holds the destination alone, and one that
// holds the source, with public/ in it, and the cache.
func TestFullDisk(t *testing.T) {
	const compiled = "WHOLEBUILD_TOOL" // once, outside
	tool := os.Getenv(compiled)
	if tool == "" {
		tool = sitetest.Tool(t)
	}
	if !testenv.Namespace(t, compiled+"="+tool) {
		return
	}
	for _, name := range []string{"destination", "site"} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			disk, site := filepath.Join(top, "disk"), filepath.Join(top, "site")
			if name == "site" {
				site = filepath.Join(disk, "site")
			}
			testenv.Mount(t, "tmpfs", disk, "tmpfs", 0, "size=96m")
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
