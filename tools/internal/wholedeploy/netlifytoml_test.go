package wholedeploy

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"duskpress/tools/internal/sitetest"
)

// TestNetlifyToml runs the commands of netlify.toml, in each context, with the
// variables that Netlify sets there.
func TestNetlifyToml(t *testing.T) {
	type context struct{ Command string }
	var conf struct {
		Build struct {
			Command, Publish string
			Environment      map[string]string
		}
		Context map[string]context
	}
	data, err := os.ReadFile(filepath.Join(sitetest.Root(t), "netlify.toml"))
	if err != nil {
		t.Fatal(err)
	}
	dec := toml.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&conf); err != nil {
		t.Fatal(err)
	}
	if conf.Build.Publish != "public" || !regexp.MustCompile(`^1\.\d+\.\d+$`).MatchString(conf.Build.Environment["GO_VERSION"]) || conf.Build.Environment["GOTOOLCHAIN"] != "local" {
		t.Errorf("%+v", conf.Build)
	}
	const draft = "# A draft under review\n#### 2026-11-03\n\nNot yet.\n"
	for _, c := range []struct {
		context, prime, base string
		index, drafts        bool
	}{
		{"production", "https://main--notes.netlify.app", "https://notes.example.org/", true, false},
		{"deploy-preview", "https://deploy-preview-7--notes.netlify.app", "https://deploy-preview-7--notes.netlify.app/", false, true},
		{"branch-deploy", "https://next--notes.netlify.app", "https://next--notes.netlify.app/", false, false},
	} {
		t.Run(c.context, func(t *testing.T) {
			args, ok := strings.CutPrefix(conf.Context[c.context].Command, "go run ./tools ")
			if !ok || !strings.HasPrefix(args, "build") {
				t.Fatalf("the command is %q", conf.Context[c.context].Command)
			}
			w := ownSite(t)
			seedAt(t, filepath.Join(w.dir, "cache", "duskpress"))
			sitetest.Write(t, filepath.Join(w.dir, "content", "posts", "_review.md"), draft)
			w.env = sitetest.Env("NETLIFY=true", "CONTEXT="+c.context, "URL=https://notes.example.org", "DEPLOY_URL=https://65f0c1d2--notes.netlify.app",
				"DEPLOY_PRIME_URL="+c.prime, "COMMIT_REF=c0ffee", "BRANCH=x", "HEAD=x", "PULL_REQUEST=false", "REVIEW_ID=7", "DEPLOY_ID=65f0c1d2", "BUILD_ID=1",
				"GO_VERSION="+strings.TrimPrefix(runtime.Version(), "go"), "GOPATH="+filepath.Join(w.dir, "cache"))
			if r := w.run(strings.Fields(args)...); r.exit != 0 {
				t.Fatalf("%s", r)
			}
			// What is computed is kept where Netlify keeps it from one build to the next.
			if _, err := os.Stat(filepath.Join(w.dir, "cache", "duskpress", "hugo", filepath.Base(w.dir))); err != nil {
				t.Errorf("nothing is kept for the next build: %v", err)
			}
			tree := sitetest.Tree(t, w.public(""))
			if !regexp.MustCompile(`<link rel="?canonical"? href="?` + regexp.QuoteMeta(c.base) + `["> ]`).MatchString(tree["index.html"]) {
				t.Errorf("the home page is not at %s: %.600s", c.base, tree["index.html"])
			}
			if has := strings.Contains(tree["_headers"], "X-Robots-Tag: noindex"); has == c.index {
				t.Errorf("noindex is %v:\n%s", has, tree["_headers"])
			}
			found := false
			for name := range tree {
				found = found || strings.Contains(name, "review")
			}
			if found != c.drafts {
				t.Errorf("the draft is published: %v, want %v", found, c.drafts)
			}
			for name, text := range tree {
				if strings.Contains(text, "c0ffee") {
					t.Errorf("%s knows the commit", name)
				}
			}
		})
	}
}

// TestNetlifyMistakes are settings of a build at Netlify that would go unseen.
func TestNetlifyMistakes(t *testing.T) {
	w := ownSite(t)
	seedAt(t, filepath.Join(w.dir, "cache", "duskpress"))
	for _, c := range []struct {
		env   []string
		args  []string
		exit  int
		words string
	}{
		{[]string{"CONTEXT=production", "URL=https://a.example", "GO_VERSION=1.20.1"}, nil, 2, "GO_VERSION asks for go1.20.1"},
		{[]string{"CONTEXT=deploy-preview"}, nil, 2, "DEPLOY_PRIME_URL is not set"},
		{[]string{"CONTEXT=production"}, nil, 2, "URL is not set"},
		{[]string{"CONTEXT=production"}, []string{"--baseURL", "https://b.example/"}, 0, ""},
	} {
		w.env = sitetest.Env(append([]string{"NETLIFY=true", "GOPATH=" + filepath.Join(w.dir, "cache")}, c.env...)...)
		if r := w.run(append([]string{"build"}, c.args...)...); r.exit != c.exit || !strings.Contains(r.out, c.words) {
			t.Errorf("%v: %s", c.env, r)
		}
	}
}

// TestDeployBuilds deploys without --no-build: the site is built first, and one
// that has errors is not deployed.
func TestDeployBuilds(t *testing.T) {
	w := ownSite(t)
	r := w.run("deploy", "--timeout", "600m", "--baseURL", "https://notes.example.org/")
	w.verified(r)
	if !strings.Contains(r.out, "build: published to public/, exit=0") || !strings.Contains(r.last(), changedWords) {
		t.Errorf("%s", r)
	}
	w.site = sitetest.Tree(t, w.public(""))
	w.isLive()
	// Again: the same bytes, so nothing is sent.
	w.fake.Reset()
	if r := w.run("deploy", "--timeout", "600m", "--baseURL", "https://notes.example.org/"); r.exit != 0 || w.fake.Count("create") != 0 {
		t.Errorf("%s", r)
	}
	sitetest.Write(t, filepath.Join(w.dir, "content", "posts", "bad.md"), "# T\n#### 2026-02-30\n\nx\n")
	r = w.run("deploy")
	if r.exit != 1 || !strings.Contains(r.out, "[date]") || !strings.Contains(r.last(), "nothing was sent; production is unchanged") {
		t.Errorf("%s", r)
	}
	w.isLive()
	// The probes hold of what is live.
	if r := w.run("probe", "--target", "live", "--name", "home", "--name", "post", "--name", "tag"); r.exit != 0 {
		t.Errorf("%s", r)
	}
}
