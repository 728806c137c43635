package browser

import (
	_ "embed"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	sitetest.Clean()
	os.Exit(code)
}

var (
	//go:embed testdata/pager.md
	pagerPost string
	//go:embed testdata/wide.md
	widePost string
	//go:embed testdata/page.js
	pageScript string
	//go:embed testdata/home.js
	homeScript string
	//go:embed testdata/post.js
	postScript string
)

var views = []View{{320, false}, {320, true}, {1440, false}, {1440, true}}

const pager = "/posts/pager/"

// buildSite builds the repository's own site with two more posts, for the
// address at which it is served.
func buildSite(t *testing.T) (public, address string) {
	t.Helper()
	dir := t.TempDir()
	public = filepath.Join(dir, "public")
	address = Serve(t, public)
	sitetest.CopyRepoSite(t, dir)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "pager.md"), pagerPost)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "wide.md"), widePost)
	sitetest.MustBuild(t, dir, "-b", address+"/")
	return public, address
}

// htmlPages returns the paths at which the HTML files of a site are served.
func htmlPages(t *testing.T, public string) []string {
	t.Helper()
	var pages []string
	err := fs.WalkDir(os.DirFS(public), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".html" {
			pages = append(pages, "/"+strings.TrimSuffix(name, "index.html"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestSite(t *testing.T) {
	b := Start(t)
	public, address := buildSite(t)
	pages := htmlPages(t, public)
	for _, p := range []string{"/", "/404.html", "/archive/", "/tags/", "/tags/software-design/", pager, "/posts/wide/", "/posts/every-mark-on-one-page/"} {
		if !slices.Contains(pages, p) {
			t.Errorf("no page %s among %q", p, pages)
		}
	}

	var mu sync.Mutex
	backgrounds := make(map[View]string)
	t.Run("views", func(t *testing.T) {
		for _, v := range views {
			t.Run(v.String(), func(t *testing.T) {
				t.Parallel()
				tab := b.Open(t, v)
				for _, p := range pages {
					tab.Visit(address + p)
					background, wrong := lookAtPage(tab)
					switch p {
					case "/":
						wrong = append(wrong, lookAtHome(tab, v, public)...)
					case pager:
						wrong = append(wrong, lookAtPost(tab)...)
						mu.Lock()
						backgrounds[v] = background
						mu.Unlock()
					}
					for _, w := range wrong {
						t.Errorf("%s: %s", p, w)
					}
				}
			})
		}
	})
	for _, width := range []int{320, 1440} {
		light, dark := backgrounds[View{width, false}], backgrounds[View{width, true}]
		if light == dark {
			t.Errorf("the background at %d px is %s in light and in dark", width, light)
		}
	}
	t.Run("faults", func(t *testing.T) { testFaults(t, b, public) })
}

// testFaults changes pages for the worse and wants to hear about it.
func testFaults(t *testing.T, b *Browser, public string) {
	end := func(html string) [2]string { return [2]string{"</main>", html + "</main>"} }
	faults := []struct {
		page string
		edit [2]string // from, to: once
		want string
	}{
		{"/about/", end(`<p style="width:400px">wide</p>`), `sticks out: <p class="">`},
		{"/about/", [2]string{"<body>", `<body style="overflow-x:hidden">`}, "hides or scrolls"},
		{"/about/", end(`<p style="color:#888">faint</p>`), "contrast below 4.5"},
		{"/about/", end(`<div style="background:#333"><p>dark</p></div>`), "contrast below 4.5"},
		{"/about/", end(`<div style="opacity:.5"><p>thin</p></div>`), "contrast below 4.5"},
		{"/about/", end(`<script>console.error("oops")</script>`), "oops"},
		{"/about/", end(`<script>throw new Error("thrown")</script>`), "thrown"},
		{"/about/", end(`<img src=https://duskpress.example/x.png alt="">`), "a request to https://duskpress.example/x.png"},
		{"/about/", end(`<img src=/missing.png alt="">`), "404"},
		{"/about/", [2]string{`integrity="sha256-`, `integrity="sha256-A`}, "integrity"},
		{"/", [2]string{"<article>", `<article style="margin-bottom:-30px">`}, "rem between posts"},
		{"/", [2]string{"href=/tags/go/>", "href=/tags/gone/>"}, "/tags/gone/, which is not there"},
		{"/", [2]string{"href=/tags/go/>", "href=/tags/design/>"}, "listed twice"},
		{"/", [2]string{"<span>4</span>", "<span>5</span>"}, "stands at 4 posts"},
		{"/", [2]string{"<li><a href=/tags/software-design/>", "<li><a>"}, "the tag software-design is not listed"},
		{pager, [2]string{"<del>", `<del style="text-decoration:none">`}, "not struck through"},
		{pager, [2]string{"<h3 id=words-for-a-page>", "<h4 id=words-for-a-page>"}, "headings (-want +got)"},
		{pager, [2]string{"href=#left-to-do", "href=#left"}, `leads to ""`},
		{pager, [2]string{"<code>", `<code style="font-family:serif">`}, "different width"},
		{pager, [2]string{"pager  test", "pager test"}, "code in lines"},
		{pager, [2]string{"<p>The night shift", "<h6 id=x>software-design</h6><p>The night shift"}, "headings (-want +got)"},
		{pager, [2]string{"<details ", "<details hidden "}, "cannot be seen"},
	}
	// Without the headers, which would keep most of these from a reader.
	address := ServeHandler(t, http.FileServer(http.Dir(public)))
	tab := b.Open(t, View{Width: 320})
	for i, f := range faults {
		data, err := os.ReadFile(filepath.Join(public, filepath.FromSlash(f.page), "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), f.edit[0]) {
			t.Errorf("%s has no %q: this fault has to be planted otherwise", f.page, f.edit[0])
			continue
		}
		at := fmt.Sprintf("/fault/%d/", i)
		sitetest.Write(t, filepath.Join(public, filepath.FromSlash(at), "index.html"), strings.Replace(string(data), f.edit[0], f.edit[1], 1))
		tab.Visit(address + at)
		_, wrong := lookAtPage(tab)
		switch f.page {
		case "/":
			wrong = append(wrong, lookAtHome(tab, View{Width: 320}, public)...)
		case pager:
			wrong = append(wrong, lookAtPost(tab)...)
		}
		if !strings.Contains(strings.Join(wrong, "\n"), f.want) {
			t.Errorf("%s with %q for %q: want a complaint with %q, got %q", f.page, f.edit[1], f.edit[0], f.want, wrong)
		}
	}
}

// lookAtPage checks what holds for every page.
func lookAtPage(tab *Tab) (background string, wrong []string) {
	page := Eval[struct {
		Scroll     int      `json:"scroll"`
		Client     int      `json:"client"`
		Wide       []string `json:"wide"`
		Faint      []string `json:"faint"`
		Background string   `json:"background"`
		Color      string   `json:"color"`
	}](tab, pageScript)
	if page.Scroll > page.Client {
		wrong = append(wrong, fmt.Sprintf("scrolls sideways: %d px wide in a window of %d px", page.Scroll, page.Client))
	}
	for _, el := range page.Wide {
		wrong = append(wrong, "sticks out: "+el)
	}
	for _, el := range page.Faint {
		wrong = append(wrong, "contrast below 4.5: "+el)
	}
	return page.Background, append(wrong, tab.Complaints()...)
}

type link struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// lookAtHome checks the table of contents and the post area.
func lookAtHome(tab *Tab, v View, public string) (wrong []string) {
	home := Eval[struct {
		First bool `json:"first"`
		Tags  []struct {
			Links []link `json:"links"`
			Text  string `json:"text"`
		} `json:"tags"`
		Entries []struct {
			Date string   `json:"date"`
			Post link     `json:"post"`
			Tags []string `json:"tags"`
		} `json:"entries"`
		Gaps   []float64 `json:"gaps"`
		Beside bool      `json:"beside"`
	}](tab, homeScript)
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }

	if len(home.Gaps) < 3 {
		complain("%d gaps between posts", len(home.Gaps))
	}
	for _, gap := range home.Gaps {
		if gap < 2.5 {
			complain("a gap of %v rem between posts, of 2.5 at least", gap)
		}
	}
	if wide := v.Width >= 1000; home.Beside != wide {
		complain("the table of contents beside the posts: %v", home.Beside)
	}

	if !home.First {
		complain("the table of contents does not open with the tags")
	}
	counts := make(map[string]int)
	for _, entry := range home.Entries {
		for _, tag := range entry.Tags {
			counts[tag]++
		}
	}
	listed := make(map[string]bool)
	for _, tag := range home.Tags {
		if len(tag.Links) != 1 {
			complain("%d links at the tag %q", len(tag.Links), tag.Text)
			continue
		}
		p := tag.Links[0].Path
		if listed[p] {
			complain("the tag %s is listed twice", p)
		}
		listed[p] = true
		if !exists(public, p) {
			complain("the tag %q links to %s, which is not there", tag.Text, p)
		}
		fields := strings.Fields(tag.Text)
		if count, err := strconv.Atoi(fields[len(fields)-1]); err != nil || count != counts[p] || len(fields) < 2 {
			complain("the tag %q stands at %d posts", tag.Text, counts[p])
		}
	}
	for _, p := range dirs(public, "tags") {
		if !listed["/tags/"+p+"/"] {
			complain("the tag %s is not listed", p)
		}
	}
	posts := make(map[string][]string)
	for _, entry := range home.Entries {
		if entry.Date == "" {
			complain("no date at %q", entry.Post.Text)
		}
		if !exists(public, entry.Post.Path) {
			complain("%q links to %s, which is not there", entry.Post.Text, entry.Post.Path)
		}
		if len(entry.Tags) == 0 {
			complain("no tags at %q", entry.Post.Text)
		}
		posts[entry.Post.Path] = entry.Tags
	}
	for _, p := range dirs(public, "posts") {
		if _, ok := posts["/posts/"+p+"/"]; !ok {
			complain("the post %s is not in the table of contents", p)
		}
	}
	if d := cmp.Diff([]string{"/tags/software-design/"}, posts[pager]); d != "" {
		complain("tags of %s (-want +got):\n%s", pager, d)
	}
	return wrong
}

func exists(public, page string) bool {
	_, err := os.Stat(filepath.Join(public, filepath.FromSlash(page), "index.html"))
	return err == nil
}

// dirs names the directories with a page in a directory of the site.
func dirs(public, in string) (names []string) {
	entries, _ := os.ReadDir(filepath.Join(public, in))
	for _, e := range entries {
		if exists(public, path.Join(in, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}

// lookAtPost checks the page of testdata/pager.md.
func lookAtPost(tab *Tab) (wrong []string) {
	type heading struct {
		Level int    `json:"level"`
		ID    string `json:"id"`
		Text  string `json:"text"`
	}
	type item struct {
		Depth int    `json:"depth"`
		Text  string `json:"text"`
	}
	post := Eval[*struct {
		Title    []string  `json:"title"`
		Date     string    `json:"date"`
		Tags     []link    `json:"tags"`
		Headings []heading `json:"headings"`
		Contents []struct {
			Text   string `json:"text"`
			Target string `json:"target"`
		} `json:"contents"`
		Shown   bool   `json:"shown"`
		Items   []item `json:"items"`
		Deleted []struct {
			Text string `json:"text"`
			Line string `json:"line"`
		} `json:"deleted"`
		Codes []struct {
			Text   string `json:"text"`
			Block  bool   `json:"block"`
			Family string `json:"family"`
			Mono   bool   `json:"mono"`
		} `json:"codes"`
		Family string `json:"family"`
	}](tab, postScript)
	if post == nil {
		return []string{"no article with a header and a text"}
	}
	differ := func(what string, want, got any) {
		if d := cmp.Diff(want, got); d != "" {
			wrong = append(wrong, fmt.Sprintf("%s (-want +got):\n%s", what, d))
		}
	}

	differ("title", []string{"A pager that rings for the right person"}, post.Title)
	differ("date", "2021-02-04", post.Date)
	differ("tags", []link{{"/tags/software-design/", "#software-design"}}, post.Tags)

	// The whole list of headings: none of the metadata is left.
	ids := make(map[string]bool)
	for i := range post.Headings {
		id := &post.Headings[i].ID
		if *id == "" || ids[*id] {
			wrong = append(wrong, fmt.Sprintf("the id %q of %q is empty or stands twice", *id, post.Headings[i].Text))
		}
		ids[*id] = true
		*id = ""
	}
	headings := []heading{
		{2, "", "What the phone should know"},
		{3, "", "Words for a page"},
		{2, "", "Before it rings"},
		{3, "", "Who is asked first"},
		{2, "", "Left to do"},
	}
	differ("headings", headings, post.Headings)
	var linked []string
	for _, l := range post.Contents {
		linked = append(linked, l.Text)
		if l.Target != l.Text {
			wrong = append(wrong, fmt.Sprintf("%q in the table of contents leads to %q", l.Text, l.Target))
		}
	}
	var all []string
	for _, h := range headings {
		all = append(all, h.Text)
	}
	differ("table of contents", all, linked)
	if !post.Shown {
		wrong = append(wrong, "the table of contents cannot be seen, not after a click either")
	}

	for _, it := range []item{
		{1, "A page is a question to someone who was asleep"},
		{2, "Name the thing that broke, not the graph that moved, or the first ten minutes go into reading"},
		{3, "A link to the one right log saves five of them"},
		{3, "Three levels down is as deep as a note should go"},
		{4, "Well, four"},
		{2, "Say who asked"},
		{1, "Everything else is mail"},
	} {
		if !slices.Contains(post.Items, it) {
			wrong = append(wrong, fmt.Sprintf("no item %q at depth %d among %v", it.Text, it.Depth, post.Items))
		}
	}

	var deleted []string
	for _, del := range post.Deleted {
		deleted = append(deleted, del.Text)
		if !strings.Contains(del.Line, "line-through") {
			wrong = append(wrong, fmt.Sprintf("%q is not struck through: %s", del.Text, del.Line))
		}
	}
	differ("struck through", []string{"Switch off the alarm on disk space", "Find out who owns billing  v2"}, deleted)

	var spans, blocks, families []string
	for _, code := range post.Codes {
		if code.Block {
			blocks = append(blocks, code.Text)
		} else {
			spans = append(spans, code.Text)
		}
		if !slices.Contains(families, code.Family) {
			families = append(families, code.Family)
		}
		if !code.Mono {
			wrong = append(wrong, fmt.Sprintf("letters of different width in the code %q", code.Text))
		}
	}
	differ("code in lines", []string{"retry --once", "billing  v2", "pager  test", "pager test --all"}, spans)
	differ("blocks of code", []string{"pager hold --for=10m\n\tpager  say  'looking'\n"}, blocks)
	if len(families) != 1 || !strings.HasSuffix(families[0], "monospace") || families[0] == post.Family {
		wrong = append(wrong, fmt.Sprintf("code has the fonts %q, beside %q for text", families, post.Family))
	}
	return wrong
}
