package wholebuild

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// Tags in several spellings: some are the same tag by case, spaces or a
// configured alias, some need a slug of their own.
var spellings = []string{
	"Go", "go", "golang", "GO", "C++", "c++", "cpp", "C#", "c#", ".NET", ".net",
	"Failure Modes", "failure-modes", "failure_modes", "Failure modes", "Élan", "E\u0301lan", "élan",
	"design", "Design", "outages", "testing",
}

// tagsOf is up to three of the spellings; two of them may be one tag.
func tagsOf(r *rand.Rand) []string {
	n := r.IntN(4)
	var tags []string
	for _, i := range r.Perm(len(spellings))[:n] {
		tags = append(tags, spellings[i])
	}
	return tags
}

// writePosts adds n posts in both forms to a site: the same ones for the same
// seed. The mark stands in every text.
func writePosts(t testing.TB, site string, n int, seed uint64, mark string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		name := fmt.Sprintf("generated-%03d", i)
		// Many posts share a day, so that ties have to be settled.
		date := fmt.Sprintf("2024-%02d-%02d", 1+i%3, 1+r.IntN(3))
		tags := tagsOf(r)
		var b strings.Builder
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "# Note %d\n#### %s\n", i, date)
			if len(tags) > 0 {
				fmt.Fprintf(&b, "###### %s,\n", strings.Join(tags, ", "))
			}
			fmt.Fprintf(&b, "\nFirst words %s of %d.\n\n#### A heading\n", mark, i)
		case 1:
			fmt.Fprintf(&b, "+++\ntitle = %q\ndate = %s\ntags = [%s]\naliases = [\"/old/%d/\"]\n+++\n\n## A heading\n", fmt.Sprint("Note ", i), date, quoted(tags), i)
		case 2:
			fmt.Fprintf(&b, "---\ntitle: Note %d\ndate: %s\ntags: [%s]\n---\n\n## A heading\n", i, date, quoted(tags))
		case 3:
			fmt.Fprintf(&b, "{\"title\": \"Note %d\", \"date\": %q, \"tags\": [%s]}\n\n## A heading\n", i, date, quoted(tags))
		}
		fmt.Fprintf(&b, "\nText %s of post %d, ~~struck~~ and `code  with  spaces`.\n\n", mark, i)
		for j := range r.IntN(5) {
			fmt.Fprintf(&b, "### Part %d\n\n+ one\n    + two %s\n\n```go\nfunc f%d() int { return %d } // %s\n```\n\n", j, mark, j, r.IntN(1000), mark)
		}
		if i > 0 {
			fmt.Fprintf(&b, "See [another](%s).\n", relative(i, r.IntN(i)))
		}
		sitetest.Write(t, filepath.Join(site, "content", "posts", filepath.FromSlash(file(name, i))), b.String())
	}
}

// file is where a post lies: every seventh is a bundle.
func file(name string, i int) string {
	if i%7 == 6 {
		return name + "/index.md"
	}
	return name + ".md"
}

func relative(from, to int) string {
	up := "./"
	if from%7 == 6 {
		up = "../"
	}
	return up + file(fmt.Sprintf("generated-%03d", to), to)
}

func quoted(tags []string) string {
	var q []string
	for _, tag := range tags {
		q = append(q, fmt.Sprintf("%q", tag))
	}
	return strings.Join(q, ", ")
}
