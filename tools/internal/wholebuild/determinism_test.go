package wholebuild

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// TestSameBytes builds the repository's own site and a hundred posts more in two
// directories in turn, with GOMAXPROCS from 1 to 8, in several time zones, with
// and without a cache: one tree, receipt included.
func TestSameBytes(t *testing.T) {
	builds := count(6, 20)
	top := t.TempDir()
	dirs := []string{filepath.Join(top, "s"), filepath.Join(top, "a much longer way", "to the sité", "that is built")}
	for i, dir := range dirs {
		sitetest.CopyRepoSite(t, dir)
		writePosts(t, dir, 100, 7, "word")
		touch(t, dir, uint64(i))
	}
	zones := []string{"UTC", "Pacific/Kiritimati", "America/St_Johns"}
	var want map[string]string
	for i := range builds {
		dir := dirs[i%2]
		if i%5 == 4 { // the others meet a cache, but for the first in each directory
			if err := os.RemoveAll(filepath.Join(dir, ".duskpress")); err != nil {
				t.Fatal(err)
			}
		}
		env := []string{fmt.Sprint("GOMAXPROCS=", 1+i%8), "TZ=" + zones[i%3]}
		p := press(t, dir, env)
		got := published(t, filepath.Join(dir, "public"))
		t.Logf("%v: %d files, %.12s, in %v", env, len(got), sitetest.Sum(got), p.took.Round(time.Millisecond))
		if want == nil {
			want = got
			if len(got) < 150 || got[sitetest.Receipt] == "" {
				t.Fatalf("%d files, receipt %q", len(got), got[sitetest.Receipt])
			}
		}
		if diff := differ(want, got); diff != "" {
			t.Fatalf("build %d, %v in %s, against the first:\n%s", i, env, dir, diff)
		}
	}
}

// TestSameBytesElsewhere builds three sites of testdata/compat twice, in one directory:
// Hugo's source maps and unminified scripts hold absolute paths.
func TestSameBytesElsewhere(t *testing.T) {
	for _, archive := range compatSites(t) {
		name := siteName(archive)
		if name != "blog-classic" && name != "docs" && name != "images" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			parallel(t)
			site := filepath.Join(t.TempDir(), "site")
			var want map[string]string
			for i, procs := range []int{1, 4} {
				if err := os.RemoveAll(site); err != nil {
					t.Fatal(err)
				}
				sitetest.Unpack(t, archive, site)
				press(t, site, []string{fmt.Sprint("GOMAXPROCS=", procs)})
				got := published(t, filepath.Join(site, destination(t, site)))
				if i == 0 {
					want = got
				} else if diff := differ(want, got); diff != "" {
					t.Errorf("GOMAXPROCS=%d against 1:\n%s", procs, diff)
				}
			}
		})
	}
}

// touch gives files times that say nothing.
func touch(t *testing.T, dir string, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	tree := read(t, dir)
	for _, name := range names(tree) {
		at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(r.IntN(1e6)) * time.Minute)
		if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(name)), at, at); err != nil {
			t.Fatal(err)
		}
	}
}
