package hugo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/hugolib/segments"
	"github.com/gohugoio/hugo/identity"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/gohugoio/hugo/tpl"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

// comparable are the values made of a body that an edit may leave as they were.
// The others are taken for changed.
var comparable = []string{"Fragments", "FuzzyWordCount", "Len", "ReadingTime", "Summary", "TableOfContents", "Truncated", "WordCount"}

// recording is what an engine notes while it renders, for Record.
type recording struct {
	mu     sync.Mutex
	values map[string]map[string]string
	looked string // a content file that a template looked at as a file
	// writes are all files in the order in which Hugo wrote them.
	writes []write
}

// A write is one file, the goroutine that wrote it, and the one that began that.
type write struct {
	path              string
	goroutine, parent string
}

// noteWrite keeps the order of writes, from which it follows who published an
// asset: a worker of Hugo's renders one output after the other, publishes what that
// has, itself or by goroutines that it waits for, and then writes it. A body is
// converted in a goroutine of its own.
func (e *Engine) noteWrite(path string) {
	if !e.opts.Record {
		return
	}
	size := 40 // "goroutine 123 [running]:"
	if _, owned := e.pages.owners[path]; !owned {
		size = 64 << 10 // and at the end: "created by f in goroutine 122"
	}
	buf := make([]byte, size)
	stack := string(buf[:runtime.Stack(buf, false)])
	_, id, _ := strings.Cut(stack, " ")
	id, _, _ = strings.Cut(id, " ")
	parent := ""
	if i := strings.LastIndex(stack, " in goroutine "); i >= 0 && strings.Contains(stack, "\ncreated by ") {
		parent, _, _ = strings.Cut(stack[i+len(" in goroutine "):], "\n")
	}
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	e.recording.writes = append(e.recording.writes, write{path, id, parent})
}

// An event is one output that was written. Hugo renders one language and format
// after the other, each of which is a stage; that of a page in no list is unknown.
type event struct{ owner, stage string }

// publishers are for each asset the outputs, one of which published it first: what
// the worker wrote next that published it, or began the goroutine that did; where it
// was neither, what each worker wrote next in the same stage.
func (e *Engine) publishers(output func(path string) (event, bool), asset func(path string) bool) map[string][]string {
	m := make(map[string][]string)
	next := make(map[string]event) // by goroutine
	stage := ""
	for _, w := range slices.Backward(e.recording.writes) {
		if ev, ok := output(w.path); ok {
			next[w.goroutine] = ev
			if ev.stage != "" {
				stage = ev.stage
			}
			continue
		}
		if !asset(w.path) {
			continue
		}
		var list []string
		exact, ok := next[w.goroutine]
		if !ok {
			exact, ok = next[w.parent]
		}
		if ok {
			m[w.path] = []string{exact.owner}
			continue
		}
		for _, ev := range next {
			if ev.stage == stage || ev.stage == "" {
				list = append(list, ev.owner)
			}
		}
		slices.Sort(list)
		m[w.path] = slices.Compact(list)
	}
	return m
}

// values sums what is made of a page's body, as the output format has it that is
// being rendered.
func (e *Engine) values(ctx context.Context, p page.Page) map[string]string {
	m := make(map[string]string)
	for _, name := range comparable {
		var v any
		switch name {
		case "Fragments":
			f := p.Fragments(ctx)
			v = []any{f.Headings, f.Identifiers}
		case "FuzzyWordCount":
			v = p.FuzzyWordCount(ctx)
		case "Len":
			v = p.Len(ctx)
		case "ReadingTime":
			v = p.ReadingTime(ctx)
		case "Summary":
			v = p.Summary(ctx)
		case "TableOfContents":
			v = p.TableOfContents(ctx)
		case "Truncated":
			v = p.Truncated(ctx)
		case "WordCount":
			v = p.WordCount(ctx)
		}
		m[name] = digest(v)
	}
	return m
}

func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		data = fmt.Appendf(nil, "%#v", v)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// renderContext is the one in which Hugo renders a page.
func (e *Engine) renderContext(p page.Page) context.Context {
	ctx := e.sites.Sites[0].TemplateStore.PrepareTopLevelRenderCtx(context.Background(), p)
	if d, ok := p.(identity.DependencyManagerScopedProvider); ok {
		ctx = tpl.Context.DependencyManagerScopedProvider.Set(ctx, d)
	}
	return ctx
}

// noteValues keeps the values of a page whose HTML was just rendered.
func (e *Engine) noteValues(path string) {
	o, ok := e.pages.owners[path]
	if !e.opts.Record || !ok || o.page == nil || o.alias || o.content == nil || o.format != "html" {
		return
	}
	values := e.values(e.renderContext(o.page), o.page)
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	if e.recording.values == nil {
		e.recording.values = make(map[string]map[string]string)
	}
	e.recording.values[o.content.Path] = values
}

// lookedAt notes that something asked for a content file by its name, after pages
// were put together: that is a template.
func (e *Engine) lookedAt(name string) {
	if e.byFilename[name] == nil || e.pages.before == nil || !e.pages.before.ran || e.pages.all == nil {
		return
	}
	e.recording.mu.Lock()
	defer e.recording.mu.Unlock()
	e.recording.looked = name
}

// visible sums what is seen of each content file, and of the pages that Hugo
// made of it, without the body.
func (e *Engine) visible() map[string]string {
	pages := make(map[string][]any)
	for _, p := range e.pages.all {
		f := p.File()
		if f == nil {
			continue
		}
		c := e.byFilename[f.Filename()]
		if c == nil {
			continue
		}
		pages[c.Path] = append(pages[c.Path], []any{
			p.Path(), p.Kind(), p.Lang(), p.Type(), p.Layout(), p.RelPermalink(), p.Title(), p.LinkTitle(), p.Description(), p.Keywords(), p.Weight(), p.Draft(),
			p.Date(), p.Lastmod(), p.PublishDate(), p.ExpiryDate(), p.Aliases(), plain(map[string]any(p.Params())),
		})
	}
	m := make(map[string]string)
	for _, c := range e.collection.Contents {
		m[c.Path] = digest([]any{c.Path, c.Logical, c.Language, c.LeftOut, c.Blank, c.FrontMatter, pages[c.Path]})
	}
	return m
}

// reading is what templates read.
type reading struct {
	set      templates.Set
	logical  map[string]string // by file
	closures map[string]*templates.Reads
}

// readingOf reads all templates of the site, its theme and its modules.
func (e *Engine) readingOf() (*reading, error) {
	r := &reading{set: make(templates.Set), logical: make(map[string]string), closures: make(map[string]*templates.Reads)}
	var failed error
	err := hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.Layouts.Fs, Root: "", Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
		WalkFn: func(_ context.Context, name string, info hugofs.FileMetaInfo) error {
			if info.IsDir() {
				return nil
			}
			data, err := readFile(info)
			if err != nil {
				failed = err
				return nil
			}
			logical := strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
			r.set[logical] = templates.Of(logical, string(data))
			r.logical[info.Meta().Filename] = logical
			return nil
		},
	}).Walk()
	if failed != nil {
		err = failed
	}
	return r, err
}

func readFile(info hugofs.FileMetaInfo) ([]byte, error) {
	f, err := info.Meta().Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b strings.Builder
	buf := make([]byte, 32<<10)
	for {
		n, err := f.Read(buf)
		b.Write(buf[:n])
		if err != nil || n == 0 {
			break
		}
	}
	return []byte(b.String()), nil
}

// inContent are templates that run while a body is converted.
var inContent = regexp.MustCompile(`(^|/)(_shortcodes|shortcodes|_markup)/`)

func (r *reading) closure(name string) *templates.Reads {
	c := r.closures[name]
	if c == nil {
		c = r.set.Closure(name)
		r.closures[name] = c
	}
	return c
}

// of is what a template reads, with its partials. Hugo's own are read as they are
// linked in.
func (r *reading) of(t *tplimpl.TemplInfo) (*templates.Reads, error) {
	if name, ok := r.logical[t.Filename()]; ok && t.Filename() != "" {
		return r.closure(name), nil
	}
	name := "hugo's own " + t.PathInfo.Path()
	if r.set[name] == nil {
		content := reflect.ValueOf(t).Elem().FieldByName("content")
		if content.Kind() != reflect.String {
			return nil, fmt.Errorf("hugo seam Record: %T has no text content", t)
		}
		r.set[name] = templates.Of(name, content.String())
	}
	return r.closure(name), nil
}

// wholeSite says what in templates makes one output depend on that another was
// rendered, or cannot be told.
func (r *reading) wholeSite() string {
	for _, name := range slices.Sorted(maps.Keys(r.set)) {
		if !strings.Contains(path.Base(name), ".") || path.Ext(name) == ".go" {
			continue
		}
		if d := r.set[name].Doubts; len(d) > 0 && !pipeline.Seeded("doubts") {
			return fmt.Sprintf("the template %s: %s", name, d[0])
		}
		if inContent.MatchString(name) {
			switch c := r.closure(name); {
			case len(c.Keys) > 0 && !pipeline.Seeded("content keys"):
				return fmt.Sprintf("the template %s chooses pages by what is in them", name)
			case len(c.Names) > 0 && c.Pages && !pipeline.Seeded("content"):
				return fmt.Sprintf("the template %s is part of a body and may read another", name)
			}
		}
	}
	return ""
}

// Record implements pipeline.Recorder.
func (e *Engine) Record() (*pipeline.Record, error) {
	if !e.opts.Record || e.only != nil {
		return nil, pipeline.Doubtf("nothing was noted")
	}
	base := e.configs.Base
	switch {
	case e.settings.Compat:
		return nil, pipeline.Doubtf("the site has no [params.duskpress]")
	case base.Build.BuildStats.Enable:
		return nil, pipeline.Doubtf("buildStats are of all pages")
	case len(base.RenderSegments) > 0:
		return nil, pipeline.Doubtf("renderSegments")
	case e.recording.looked != "" && !pipeline.Seeded("looked"):
		return nil, pipeline.Doubtf("a template looks at the file %s", e.log.relative(e.recording.looked))
	case len(e.log.layouts) > 0:
		return nil, pipeline.Doubtf("a page has no template")
	}
	reading, err := e.readingOf()
	if err != nil {
		return nil, err
	}
	if why := reading.wholeSite(); why != "" {
		return nil, pipeline.Doubtf("%s", why)
	}
	r := &pipeline.Record{
		Files: make(map[string]*pipeline.FileRecord), Outputs: make(map[string]*pipeline.OutputRecord), Standalone: make(map[string]*pipeline.OutputRecord),
		Values: make(map[string]map[string]string),
	}
	number := make(map[string]int)
	for _, c := range e.collection.Contents {
		number[c.Path] = len(r.Sources)
		r.Sources = append(r.Sources, c.Path)
	}
	r.Visible = e.visible()
	if e.part != nil {
		maps.Copy(r.Values, e.part.Before.Values)
	}
	maps.Copy(r.Values, e.recording.values)
	for at, o := range e.pages.owners {
		if o.page == nil || o.alias {
			continue
		}
		if !e.destination.wrote(at) {
			return nil, pipeline.Doubtf("%s printed nothing", at)
		}
		if e.part != nil && !e.part.renders(o.page, o.format) {
			was := *e.part.Before.Outputs[at]
			was.Names = nil
			for _, n := range e.part.Before.Outputs[at].Names {
				was.Names = append(was.Names, number[e.part.Before.Sources[n]])
			}
			slices.Sort(was.Names)
			was.Source = -1
			if o.content != nil {
				was.Source = number[o.content.Path]
			}
			r.Outputs[at] = &was
			continue
		}
		if r.Outputs[at], err = e.recordOutput(o, reading, number); err != nil {
			return nil, err
		}
	}
	for _, p := range e.standalone() {
		list, err := targets(p)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			if r.Standalone[t.path], err = e.recordOutput(owner{page: p, format: t.format}, reading, number); err != nil {
				return nil, err
			}
		}
	}
	ownerOf := func(at string) string {
		if r.Standalone[at] != nil {
			return at
		}
		return e.ownerOf(at)
	}
	asset := func(at string) bool { return e.outputFile(at, nil).Kind == pipeline.Asset }
	published := e.publishers(func(at string) (event, bool) {
		if r.Standalone[at] != nil {
			return event{owner: at}, true
		}
		if asset(at) || e.pages.owners[at].alias {
			return event{}, false
		}
		if _, bundled := e.bundleFile(at); bundled {
			return event{}, false
		}
		by := e.ownerOf(at)
		if o := e.pages.owners[by]; o.page != nil {
			return event{by, o.page.Lang() + " " + o.format}, true
		}
		return event{}, true // it is not known whose it is
	}, asset)
	for at := range e.destination.sums {
		r.Files[at] = &pipeline.FileRecord{Owner: ownerOf(at), Publishers: published[at]}
		if e.part != nil && published[at] == nil && e.part.Before.Files[at] != nil {
			r.Files[at].Publishers = e.part.Before.Files[at].Publishers // taken over
		}
	}
	return r, nil
}

func (e *Engine) recordOutput(o owner, reading *reading, number map[string]int) (*pipeline.OutputRecord, error) {
	made := &pipeline.OutputRecord{Page: o.page.Path(), Format: o.format, HTML: o.format == "html", Source: -1}
	if o.content != nil {
		made.Source = number[o.content.Path]
	}
	pages, used, err := readBy(o.page, o.format)
	if err != nil {
		return nil, err
	}
	for p := range pages {
		if f := p.File(); f != nil {
			if c := e.byFilename[f.Filename()]; c != nil {
				made.Names = append(made.Names, number[c.Path])
			} else if c := e.adapterOf(f.Filename(), p.Lang()); c != nil {
				return nil, pipeline.Doubtf("%s makes pages of its own", c.Path)
			}
		}
	}
	slices.Sort(made.Names)
	made.Names = slices.Compact(made.Names)
	list, err := targets(o.page)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if t.format != o.format {
			continue
		}
		main, base, err := e.templateOf(o.page, t)
		if err != nil {
			return nil, err
		}
		for _, t := range []*tplimpl.TemplInfo{main, base} {
			if t != nil {
				used[t] = true
			}
		}
	}
	body, keys := make(map[string]bool), make(map[string]bool)
	for t := range used {
		if t.PathInfo == nil {
			return nil, pipeline.Doubtf("a template without a name")
		}
		if t.Filename() == "" && inContent.MatchString(strings.TrimPrefix(t.PathInfo.Path(), "/")) {
			continue // Hugo's own shortcodes and hooks read no other body
		}
		reads, err := reading.of(t)
		if err != nil {
			return nil, err
		}
		if len(reads.Doubts) > 0 && !pipeline.Seeded("doubts") {
			return nil, pipeline.Doubtf("the template %s: %s", t.PathInfo.Path(), reads.Doubts[0])
		}
		maps.Copy(body, reads.Names)
		maps.Copy(keys, reads.Keys)
	}
	made.Body, made.Keys = slices.Sorted(maps.Keys(body)), slices.Sorted(maps.Keys(keys))
	return made, nil
}

// readBy are the pages and templates in the notes of an output, without those
// that only these pages' own notes name.
func readBy(p page.Page, format string) (pages map[page.Page]bool, used map[*tplimpl.TemplInfo]bool, err error) {
	pages, used = make(map[page.Page]bool), make(map[*tplimpl.TemplInfo]bool)
	visited := make(map[identity.Manager]bool)
	var walk func(identity.Manager) error
	note := func(id identity.Identity) bool {
		switch id := id.(type) {
		case page.Page:
			pages[id] = true
			return true
		case *tplimpl.TemplInfo:
			used[id] = true
		}
		return false
	}
	walk = func(m identity.Manager) error {
		if m == nil || visited[m] {
			return nil
		}
		visited[m] = true
		ids, err := identities(m)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if both, ok := id.(identity.FindFirstManagerIdentityProvider); ok {
				made := both.FindFirstManagerIdentity()
				note(made.Identity)
				err = walk(made.Manager)
			} else if !note(id) {
				err = walk(identity.GetDependencyManager(id))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	managers, err := dependencies(p, format)
	for _, m := range managers {
		if err == nil {
			err = walk(m)
		}
	}
	return pages, used, err
}

// ownerOf is the output of which a file is a part, by path.
func (e *Engine) ownerOf(at string) string {
	if o, ok := e.pages.owners[at]; ok {
		if !o.alias || o.page == nil {
			return at
		}
		return e.htmlOf(o.page)
	}
	// A page of a pager: a/page/2/index.html.
	dir, base := path.Split(at)
	number := path.Base(path.Dir(dir + "x"))
	above, pages := path.Split(path.Dir(path.Clean("/" + dir)))
	if pages == e.configs.Base.Pagination.Path && regexp.MustCompile(`^\d+$`).MatchString(number) {
		if owner := strings.TrimPrefix(path.Join(above, base), "/"); e.pages.owners[owner].page != nil {
			return owner
		}
	}
	if dir, ok := e.bundleOf(at); ok {
		for owner, o := range e.pages.owners {
			if o.page != nil && !o.alias && o.format == "html" && e.pages.dirs[owner] == dir {
				return owner
			}
		}
	}
	return ""
}

// htmlOf is the file of a page.
func (e *Engine) htmlOf(p page.Page) string {
	list, err := targets(p)
	if err != nil {
		return ""
	}
	for _, t := range list {
		if t.html {
			return t.path
		}
	}
	return ""
}

// bundleOf is the published directory of the bundle that a file belongs to.
func (e *Engine) bundleOf(at string) (string, bool) {
	if _, ok := e.bundleFile(at); !ok {
		return "", false
	}
	for dir := path.Dir(at); ; dir = path.Dir(dir) {
		key := dir
		if key == "." {
			key = ""
		}
		if _, ok := e.pages.bundleDirs[key]; ok {
			return key, true
		}
		if key == "" {
			return "", false
		}
	}
}

// currentFormat is the output format in which a page stands ready to be rendered.
func currentFormat(p page.Page) string {
	po := reflect.ValueOf(p).Elem().FieldByName("pageOutput")
	if po.Kind() != reflect.Pointer || po.IsNil() {
		return ""
	}
	if f := po.Elem().FieldByName("f"); f.Kind() == reflect.Struct && f.FieldByName("Name").Kind() == reflect.String {
		return f.FieldByName("Name").String()
	}
	return ""
}

// A part is a render of only what a change of bodies changes.
type part struct {
	*pipeline.Partial
	once     sync.Once
	doubt    error
	render   map[string]bool // logical path and format
	affected map[string]bool // outputs that may come out as others, by path
}

func (p *part) renders(q page.Page, format string) bool { return p.render[q.Path()+"\x00"+format] }

// leavesOut is asked by Hugo's render filter, first when all pages stand ready to
// be rendered in their first format.
func (e *Engine) leavesOut(q segments.SegmentQuery) bool {
	p := e.part
	if p == nil {
		return false
	}
	p.once.Do(func() { p.doubt = e.choose(p) })
	switch q.Kind {
	case "sitemap", "sitemapindex", "robotstxt", "robotsTXT", "404":
		return p.doubt != nil
	}
	return p.doubt != nil || !p.render[q.Path+"\x00"+q.Output]
}

// choose says which outputs have to be rendered. Whatever is not as the record
// has it is a doubt.
func (e *Engine) choose(p *part) error {
	p.render, p.affected, p.Rendered = make(map[string]bool), make(map[string]bool), make(map[string]string)
	outputs := 0
	for at, o := range e.pages.owners {
		if o.page == nil || o.alias {
			continue
		}
		outputs++
		if was := p.Before.Outputs[at]; was == nil || was.Page != o.page.Path() || was.Format != o.format {
			return pipeline.Doubtf("%s is new", at)
		}
	}
	if outputs != len(p.Before.Outputs) {
		return pipeline.Doubtf("an output is gone")
	}
	if len(e.collection.Contents) != len(p.Before.Visible) {
		return pipeline.Doubtf("content files came or went")
	}
	changed := make(map[int]map[string]bool) // by source: the values that are others
	for i, source := range p.Before.Sources {
		if p.Changed[source] {
			changed[i] = nil
		}
	}
	made := make(map[string]int)
	for _, q := range e.pages.all {
		if f := q.File(); f != nil {
			made[f.Filename()]++
		}
	}
	now := e.visible()
	for _, c := range e.collection.Contents {
		if p.Before.Visible[c.Path] != now[c.Path] && !pipeline.Seeded("visible") {
			return pipeline.Doubtf("more than the body of %s changed", c.Path)
		}
		if !p.Changed[c.Path] {
			continue
		}
		q := e.pages.byFile[c.Filename]
		i := slices.Index(p.Before.Sources, c.Path)
		if q == nil || q.Kind() != "page" || i < 0 || e.htmlOf(q) == "" {
			return pipeline.Doubtf("%s is no page of its own", c.Path)
		}
		if made[c.Filename] > 1 {
			return pipeline.Doubtf("%s makes several pages", c.Path) // of several languages, say
		}
		if format := currentFormat(q); format != "html" {
			return pipeline.Doubtf("%s is rendered as %q before it is as HTML", c.Path, format) // its values were those of HTML
		}
		differs := maps.Clone(templates.Body)
		was := p.Before.Values[c.Path]
		for name, sum := range e.values(e.renderContext(q), q) {
			if was[name] == sum || pipeline.Seeded("values") {
				delete(differs, name)
			}
		}
		changed[i] = differs
	}
	for _, at := range slices.Sorted(maps.Keys(p.Before.Outputs)) {
		o := p.Before.Outputs[at]
		if why := p.Before.Changes(o, changed); why != "" {
			p.render[o.Page+"\x00"+o.Format] = true
			p.Rendered[at], p.affected[at] = why, true
		}
	}
	for at, o := range p.Before.Standalone {
		p.affected[at] = p.Before.Changes(o, changed) != ""
	}
	return nil
}

// carry takes over what was not rendered. A file of an output that was rendered,
// and that did not come again, is in doubt.
func (e *Engine) carry() error {
	for _, at := range slices.Sorted(maps.Keys(e.part.Before.Files)) {
		if e.destination.wrote(at) {
			continue
		}
		was := e.part.Before.Files[at]
		if was.Kind == pipeline.Asset {
			for _, by := range was.Publishers {
				if (by == "" || e.part.affected[by]) && !pipeline.Seeded("publishers") {
					return pipeline.Doubtf("%s may have been published by %s, and did not come again", at, cmp.Or(by, "a page that is not known"))
				}
			}
			if len(was.Publishers) == 0 {
				return pipeline.Doubtf("nobody can tell who published %s", at)
			}
		} else {
			o, ok := e.pages.owners[was.Owner]
			switch {
			case !ok || o.page == nil:
				return pipeline.Doubtf("nobody can tell what %s belongs to", at)
			case e.part.renders(o.page, o.format) && !pipeline.Seeded("again"):
				return pipeline.Doubtf("%s did not come again", at)
			}
		}
		if err := e.part.Carry(e.outputFile(at, nil)); err != nil {
			return err
		}
		e.destination.keep(at)
	}
	return nil
}
