package wholebuild

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

// TestCompat builds each site of testdata/compat with Hugo's own command and
// with the tool, in one and the same directory, since js.Build writes absolute
// paths: the same files and, before minifying, the same bytes. Nothing may be
// written into the source but the tool's own state and what the site asks for.
func TestCompat(t *testing.T) {
	hugo := sitetest.Hugo(t)
	sitetest.Tool(t)
	archives := compatSites(t)
	if len(archives) < 6 {
		t.Fatalf("%d sites, want six at least", len(archives))
	}
	for _, archive := range archives {
		t.Run(siteName(archive), func(t *testing.T) {
			parallel(t)
			top := t.TempDir()
			site, outA, outB := filepath.Join(top, "site"), filepath.Join(top, "a"), filepath.Join(top, "b")
			sitetest.Unpack(t, archive, site)
			source := read(t, site)

			run(t, 0, site, []string{"HUGO_CACHEDIR=" + filepath.Join(top, "hugo-cache")}, hugo, "-d", outA)
			want := sitetest.Tree(t, outA)
			if len(want) < 2 {
				t.Fatalf("Hugo made %v", names(want))
			}
			stats, asked := read(t, site)["hugo_stats.json"]
			restore(t, site, source)

			press(t, site, nil, "--minify=false", "-d", outB)
			if diff := differ(want, sitetest.Tree(t, outB)); diff != "" {
				t.Errorf("not as Hugo's:\n%s", diff)
			}
			if got := read(t, site)["hugo_stats.json"]; got != stats {
				t.Errorf("hugo_stats.json:\n%s", cmp.Diff(stats, got))
			}
			clean := func(added []string, destination string) {
				t.Helper()
				for _, name := range added {
					switch {
					case strings.HasPrefix(name, ".duskpress/"), name == "hugo_stats.json" && asked:
					case destination != "" && strings.HasPrefix(name, destination+"/"):
					default:
						t.Errorf("the tool wrote %s into the source", name)
					}
				}
				for _, e := range entries(t, site) {
					if strings.HasSuffix(e, ".duskpress") && e != ".duskpress" {
						t.Errorf("the tool left %s in the source", e)
					}
				}
			}

			// Minified, into the default destination, with what the first build left in the cache, and without.
			var minified [2]map[string]string
			for i := range minified {
				press(t, site, nil)
				dest := destination(t, site)
				minified[i] = published(t, filepath.Join(site, dest))
				got := sitetest.Tree(t, filepath.Join(site, dest))
				if diff := cmp.Diff(names(want), names(got)); diff != "" {
					t.Errorf("the minified site has other files (-want +got):\n%s", diff)
				}
				if i == 0 {
					clean(entriesBut(t, site, source, dest), dest)
				}
				clean(restore(t, site, source), dest)
			}
			if diff := differ(minified[0], minified[1]); diff != "" {
				t.Errorf("with the cache and without it:\n%s", diff)
			}

			for _, e := range entries(t, top) {
				if !slices.Contains([]string{"site", "a", "b", "hugo-cache"}, e) {
					t.Errorf("the tool left %s beside the destination", e)
				}
			}
		})
	}
}

func compatSites(t *testing.T) []string {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(sitetest.Root(t), "tools", "testdata", "compat", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return archives
}

func siteName(archive string) string { return strings.TrimSuffix(filepath.Base(archive), ".txtar") }

// destination finds where a site was published to: the one directory with a
// receipt.
func destination(t *testing.T, site string) string {
	t.Helper()
	for name := range read(t, site) {
		if path.Base(name) == sitetest.Receipt {
			return path.Dir(name)
		}
	}
	t.Fatal("there is no receipt in the site")
	return ""
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return all
}

// entriesBut lists the top-level entries that are neither in the source nor the
// destination: a directory counts although it is empty.
func entriesBut(t *testing.T, dir string, source map[string]string, dest string) []string {
	t.Helper()
	first := make(map[string]bool)
	for name := range source {
		top, _, _ := strings.Cut(name, "/")
		first[top] = true
	}
	destTop, _, _ := strings.Cut(dest, "/")
	var more []string
	for _, e := range entries(t, dir) {
		if !first[e] && e != destTop && e != ".duskpress" {
			more = append(more, e)
		}
	}
	return more
}
