package edits

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	sitetest.Clean()
	os.Exit(code)
}

// count is how many edits are tried: as the variable says, or by the time there is.
func count(variable string, usual, heavy int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		return heavy
	}
	return usual
}

// newSeed is told, so that what failed can be done again.
func newSeed(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("DUSKPRESS_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("DUSKPRESS_SEED=%d", seed)
	return seed
}

// TestEdits builds after each of a sequence of random edits, with the cache in
// place and without one in a fresh directory: both must publish the same, say the
// same of the site, and end alike. A failure names its seed.
func TestEdits(t *testing.T) {
	run(t, rand.New(rand.NewPCG(newSeed(t), 1)), count("DUSKPRESS_EDITS", 15, 300))
}

// FuzzEdits takes the seed from the fuzzer; each try is a short sequence.
func FuzzEdits(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		n := 6
		if testing.Short() {
			n = 2
		}
		run(t, rand.New(rand.NewPCG(seed, 2)), n)
	})
}

func run(t *testing.T, r *rand.Rand, edits int) {
	s := newSite(t, filepath.Join(t.TempDir(), "site"), r)
	left, failed, reused := follow(t, s, r, edits, s.edit)
	t.Logf("%d edits: %d builds had nothing to do, %d failed as they do without a cache, %d had a cache", edits, left, failed, reused)
	if edits > 30 && (left == 0 || reused < edits/2 || failed > edits/2) {
		t.Error("the test does not see what it is for")
	}
}

// follow builds a site after each edit, and compares it with one that is made anew
// from the same sources. It counts the builds that had nothing to do, those that
// failed, and those that had a cache.
func follow(t *testing.T, s *site, r *rand.Rand, edits int, edit func(testing.TB, *rand.Rand) string, flags ...string) (left, failed, reused int) {
	var history []string
	for range edits {
		clock := "--clock=" + s.clock.Format(time.RFC3339)
		before, marks := sitetestTree(t, s.dir), stats(t, s.dir)
		warm, code := sitetest.Build(t, s.dir, append(flags, clock, "--verbose")...)
		s.outputs = append(s.outputs, warm)
		fresh := filepath.Join(t.TempDir(), "site")
		s.write(t, fresh)
		cold, want := sitetest.Build(t, fresh, clock, "--no-cache", "--verbose")
		if strings.Contains(warm, "Hugo was not run") {
			left++
		}
		if n := strings.LastIndex(warm, " files were there"); n > 0 {
			reused++
		}
		if code != want {
			t.Fatalf("exit %d with the cache, %d without\n%s\n%s\n%s", code, want, strings.Join(history, "\n"), warm, cold)
		}
		if a, b := said(warm), said(cold); a != b {
			t.Fatalf("with the cache this is said:\n%s\nwithout:\n%s\nafter:\n%s", a, b, strings.Join(history, "\n"))
		}
		got, expect := sitetestTree(t, s.dir), sitetestTree(t, fresh)
		if code != 0 {
			failed++
			expect = before
		}
		if diff := differ(got, expect); diff != "" {
			t.Fatalf("what is published differs:\n%s\nafter:\n%s\n%s", diff, strings.Join(history, "\n"), warm)
		}
		if code == 0 {
			now := stats(t, s.dir)
			for name, text := range before {
				if got[name] == text && (!os.SameFile(marks[name], now[name]) || !marks[name].ModTime().Equal(now[name].ModTime())) {
					t.Fatalf("%s did not change, and is another file, or has another time, after:\n%s", name, strings.Join(history, "\n"))
				}
			}
		}
		if code == 0 && r.IntN(4) == 0 { // once more, with nothing changed
			out, _ := sitetest.Build(t, s.dir, append(flags, clock)...)
			if strings.Contains(out, "Hugo was not run") {
				left++
			}
			if diff := differ(sitetestTree(t, s.dir), expect); diff != "" {
				t.Fatalf("built once more, what is published differs:\n%s\nafter:\n%s\n%s", diff, strings.Join(history, "\n"), out)
			}
			if a, b := said(out), said(cold); a != b {
				t.Fatalf("built once more this is said:\n%s\nfirst:\n%s", a, b)
			}
		}
		if err := os.RemoveAll(fresh); err != nil {
			t.Fatal(err)
		}
		history = append(history, edit(t, r))
	}
	return left, failed, reused
}

// sitetestTree is what is published; an empty tree before the first build.
func sitetestTree(t *testing.T, dir string) map[string]string {
	public := filepath.Join(dir, "public")
	if _, err := os.Stat(public); err != nil {
		return nil
	}
	return sitetest.Tree(t, public)
}

// stats is what the system says of the published files.
func stats(t *testing.T, dir string) map[string]os.FileInfo {
	public := filepath.Join(dir, "public")
	m := make(map[string]os.FileInfo)
	_ = filepath.WalkDir(public, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // there is no site yet
		}
		rel, err := filepath.Rel(public, name)
		if err != nil {
			t.Fatal(err)
		}
		if m[filepath.ToSlash(rel)], err = d.Info(); err != nil {
			t.Fatal(err)
		}
		return nil
	})
	return m
}

// said are the problems in a build's output.
func said(out string) string {
	var lines []string
	for line := range strings.SplitSeq(out, "\n") {
		if (strings.Contains(line, ": error: ") || strings.Contains(line, ": warning: ")) && strings.HasSuffix(line, "]") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func differ(got, want map[string]string) string {
	var b strings.Builder
	var names []string
	for name := range got {
		names = append(names, name)
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		a, inGot := got[name]
		c, inWant := want[name]
		switch {
		case !inGot:
			fmt.Fprintf(&b, "%s is missing\n", name)
		case !inWant:
			fmt.Fprintf(&b, "%s should not be there\n", name)
		case a != c:
			fmt.Fprintf(&b, "%s:\n  have %.300q\n  want %.300q\n", name, a, c)
		}
	}
	return b.String()
}
