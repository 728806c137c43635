package publish

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/testenv"
)

func TestDestinations(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(elem ...string) string { return filepath.Join(append([]string{base}, elem...)...) }
	home := at("home")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)

	site{
		"site/content/a.md":      "a",
		"site/.git/HEAD":         "ref",
		"home/notes.txt":         "mine",
		"full/index.html":        "hand-written",
		"checkout/.git/HEAD":     "ref",
		"checkout/README.md":     "hello",
		"pages/.git/HEAD":        "ref",
		"worktree/.git":          "gitdir: elsewhere",
		"dots/.git/HEAD":         "ref",
		"dots/.gitignore":        "x",
		"file":                   "a file",
		"othersite/.duskpress/x": "another site's state",
		"damaged/.duskpress":     receiptHead + "\nfiles many\n",
		"newer/.duskpress":       "Duskpress receipt 2: ...\n",
		"real/keep":              "x",
	}.write(t, base)
	ours := site{"index.html": "old"}
	ours.published().write(t, at("ours"))
	ours.published().write(t, at("site/public"))
	ours.published().write(t, at("site/content/ours"))
	for _, d := range []string{"empty", "home/empty", "site/static"} {
		if err := os.MkdirAll(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"link": "empty", "linkours": "ours", "dangling": "nowhere", "linkdir": "real", "linksite": "site",
	} {
		if err := os.Symlink(at(target), at(link)); err != nil {
			testenv.Lacks(t, testenv.System, "no symbolic links here: %v", err)
		}
	}

	for _, tc := range []struct{ dest, reason string }{
		// taken
		{at("missing"), ""},
		{at("made", "on", "the", "way"), ""},
		{at("empty"), ""},
		{at("home", "empty"), ""},
		{at("home", "public_html"), ""},
		{at("ours"), ""},
		{at("pages"), ""},
		{at("worktree"), ""},
		{at("site", "public"), ""},
		{at("site", "docs"), ""},
		{at("linkdir", "new"), ""},
		// refused by place
		{at("site"), "is the source"},
		{at("linksite"), "symbolic link"},
		{base, "holds the source"},
		{at("site", ".."), "holds the source"},
		{filepath.VolumeName(base) + string(filepath.Separator), "root of the file system"},
		{home, "home directory"},
		{at("link"), "symbolic link"},
		{at("linkours"), "symbolic link"},
		{at("dangling"), "symbolic link"},
		{at("file"), "not a directory"},
		{at("file", "below"), "cannot be"},
		{at("site", "content"), "lies in content/"},
		{at("site", "content", "new"), "lies in content/"},
		{at("site", "content", "ours"), "lies in content/"},
		{at("linksite", "content", "new"), "lies in content/"},
		{at("site", "static"), "lies in static/"},
		{at("site", "theme", "x"), "lies in theme/"},
		{at("site", ".duskpress"), "lies in .duskpress/"},
		{at("site", ".duskpress", "cache"), "lies in .duskpress/"},
		{at("site", ".git", "new"), "lies in .git/"},
		{at(".x.duskpress"), "staging"},
		// refused by content
		{at("full"), "(1: index.html) but no receipt"},
		{at("checkout"), "(1: README.md) but no receipt"},
		{at("dots"), "(1: .gitignore) but no receipt"},
		{at("real"), "no receipt"},
		{at("othersite"), "no receipt that this version can read"},
		{at("damaged"), "no receipt that this version can read"},
		{at("newer"), "no receipt that this version can read"},
	} {
		t.Run(strings.TrimPrefix(tc.dest, base), func(t *testing.T) {
			before := read(t, base)
			s, err := Open(t.Context(), Options{Source: at("site"), Destination: tc.dest})
			if tc.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			} else {
				de := new(DestinationError)
				if !errors.As(err, &de) {
					t.Fatalf("got %v", err)
				}
				if !strings.Contains(err.Error(), tc.reason) || de.Hint == "" {
					t.Errorf("got %q (%s), want %q", err, de.Hint, tc.reason)
				}
			}
			if diff := cmp.Diff(before, read(t, base)); diff != "" {
				t.Errorf("opening changed something:\n%s", diff)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(tc.dest), ".*.duskpress")); len(left) > 0 && runtime.GOOS != "windows" {
				t.Errorf("opening left %v", left)
			}
		})
	}
}

// TestFilledWhileBuilding: a destination is judged again right before the swap.
func TestFilledWhileBuilding(t *testing.T) {
	b := newBench(t)
	s := b.open(t)
	st := site{"index.html": "new"}
	st.write(t, s.Staging())
	mine := site{"thesis.tex": "years of work"}
	mine.write(t, b.dest)
	_, err := s.Commit(t.Context(), st.files())
	if de := new(DestinationError); !errors.As(err, &de) {
		t.Errorf("got %v", err)
	}
	s.Close()
	wantSite(t, b.dest, mine)
}

func TestGitBranch(t *testing.T) {
	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			site{".git/HEAD": "ref"}.write(t, b.dest)
			st := genSite("A", 10)
			res := b.publish(t, st)
			want := st.published()
			want[".git/HEAD"] = "ref"
			wantSite(t, b.dest, want)
			if res.Method != method {
				t.Errorf("by %s", res.Method)
			}
		})
	}
}

// TestNoPermission needs a user for whom modes count; root runs it as nobody.
func TestNoPermission(t *testing.T) {
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "modes mean little on Windows")
	}
	if os.Getuid() == 0 {
		asNobody(t)
		return
	}
	b := newBench(t)
	b.publish(t, site{"x": "x"})
	for _, dir := range []string{b.source, b.dest} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), b.options())
		if de := new(DestinationError); !errors.As(err, &de) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v", err)
		}
		t.Log(err)
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if exists(b.work()) {
			t.Error("a work directory is left")
		}
	}
	// Directories without write permission in staging and in the old tree do not stop it.
	for range 2 {
		s := b.open(t)
		st := site{"locked/x": "x"}
		st.write(t, s.Staging())
		if err := os.Chmod(filepath.Join(s.Staging(), "locked"), 0o555); err != nil {
			t.Fatal(err)
		}
		if res, err := s.Commit(t.Context(), st.files()); err != nil || len(res.Warnings) > 0 {
			t.Error(err, res.Warnings)
		}
		s.Close()
	}
	b.publish(t, site{"x": "x"})
}
