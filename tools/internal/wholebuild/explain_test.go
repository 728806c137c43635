package wholebuild

import (
	"encoding/json"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// explained is what the tests look at of an answer.
type explained struct {
	Exit    int
	Answers []struct {
		Asked, What, File, Summary string
		Published                  bool
		Reasons                    []struct{ Text string }
		Outputs                    []struct {
			Path, Address, Kind, Template, Public string
			Format                                string
			Written                               bool
		}
		Links *struct {
			Content []struct {
				File      string
				Line, Col int
			}
		}
	}
	Unknown []struct{ Asked, Reason string }
}

// TestExplain asks for every file of each site of testdata/compat, for every
// file that is published and for the addresses of its pages, in one run. Each
// has an answer, what is published has the bytes that the build gave it, and
// what is not has a reason.
func TestExplain(t *testing.T) {
	tool := sitetest.Tool(t)
	for _, archive := range compatSites(t) {
		t.Run(siteName(archive), func(t *testing.T) {
			parallel(t)
			site := filepath.Join(t.TempDir(), "site")
			sitetest.Unpack(t, archive, site)
			source := names(read(t, site))
			press(t, site, nil)
			dest := destination(t, site)
			published := names(sitetest.Tree(t, filepath.Join(site, dest)))

			// A name below the destination means no source file of the same name.
			for i, name := range published {
				if slices.Contains(source, name) {
					published[i] = path.Join(dest, name)
				}
			}

			before := sitetest.Sum(read(t, filepath.Join(site, dest)))
			first := explain(t, tool, site, append(slices.Clone(source), published...))
			if len(first.Unknown) > 0 {
				t.Errorf("not known: %+v", first.Unknown)
			}
			if len(first.Answers) != len(source)+len(published) {
				t.Fatalf("%d answers to %d questions", len(first.Answers), len(source)+len(published))
			}
			var addresses []string
			for i, a := range first.Answers {
				isOutput := i >= len(source)
				if a.Summary == "" || strings.Contains(a.Summary, "not of this build") {
					t.Errorf("%s: %s", a.Asked, a.Summary)
				}
				if isOutput && (!a.Published || a.What != "output file") {
					t.Errorf("%s is published, and is explained as %s: %s", a.Asked, a.What, a.Summary)
				}
				if !isOutput && !a.Published && len(a.Reasons) == 0 && slices.Contains([]string{"content file", "static file", "file beside pages"}, a.What) && !strings.HasPrefix(a.Summary, "read by") {
					t.Errorf("%s: no reason why it is not published: %s", a.Asked, a.Summary)
				}
				for _, o := range a.Outputs {
					if o.Written && o.Public != "same" {
						t.Errorf("%s: %s is %q in the published site", a.Asked, o.Path, o.Public)
					}
					if o.Kind == "page" && o.Written && o.Template == "" {
						t.Errorf("%s: no template made %s", a.Asked, o.Path)
					}
					if isOutput && o.Path != strings.TrimPrefix(a.Asked, dest+"/") {
						t.Errorf("%s is explained by %s", a.Asked, o.Path)
					}
					if isOutput && path.Ext(o.Path) == ".html" {
						addresses = append(addresses, o.Address)
					}
				}
			}
			second := explain(t, tool, site, addresses)
			for i, a := range second.Answers {
				if a.Asked != addresses[i] || len(a.Outputs) != 1 || a.Outputs[0].Address != addresses[i] {
					t.Errorf("%s is answered with %+v", addresses[i], a)
				}
			}
			if len(second.Answers) != len(addresses) {
				t.Errorf("not known: %+v", second.Unknown)
			}
			if after := sitetest.Sum(read(t, filepath.Join(site, dest))); after != before {
				t.Error("explain changed the published site")
			}
		})
	}
}

func explain(t *testing.T, tool, site string, asked []string) (e explained) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, append([]string{"explain", "--format", "json", "--"}, asked...)...)
	cmd.Dir, cmd.Env = site, sitetest.Env()
	out, err := cmd.Output()
	if len(out) == 0 {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &e); err != nil {
		t.Fatalf("%v in %.500s", err, out)
	}
	return e
}
