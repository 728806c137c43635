package hugo

import (
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/identity"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

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
	if twice := e.mountedTwice(); twice != "" && !pipeline.Seeded("mounts") {
		return nil, pipeline.Doubtf("%s is mounted beside content, so that templates may read it as a file", twice)
	}
	reading, err := e.readingOf()
	if err != nil {
		return nil, err
	}
	if why := reading.wholeSite(); why != "" {
		return nil, pipeline.Doubtf("%s", why)
	}
	if at, err := e.importsContent(reading); err != nil {
		return nil, err
	} else if at != "" && !pipeline.Seeded("imports") {
		return nil, pipeline.Doubtf("%s may have content in it", at)
	}
	for _, c := range e.collection.Contents {
		if hasKey(c.FrontMatter, "publishresources") && !pipeline.Seeded("resources") {
			return nil, pipeline.Doubtf("files of %s may be published by other pages", c.Path)
		}
	}
	if cascade := e.configs.LoadingInfo.Cfg.Get("cascade"); hasKey(cascade, "publishresources") {
		return nil, pipeline.Doubtf("files of a page may be published by other pages")
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
	r.Visible, r.Front = e.visible(), e.pages.fronts
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
		if e.part == nil || !asset(at) {
			continue
		}
		was := e.part.Before.Files[at]
		if was == nil { // a body that was compared may have published it before any output was written
			return nil, pipeline.Doubtf("%s is new", at)
		}
		if was != nil {
			r.Files[at].Publishers = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(was.Publishers), published[at]...))))
		}
	}
	for _, c := range e.collection.Contents {
		if reading.publishes(c) || embeddedHooks(e) {
			r.Publishing = append(r.Publishing, number[c.Path])
		}
	}
	return r, nil
}

// mountedTwice is a content file that is mounted in another of Hugo's folders too.
func (e *Engine) mountedTwice() string {
	var roots []string
	for _, mod := range e.configs.Modules {
		for _, mount := range mod.Mounts() {
			if folder, _, _ := strings.Cut(filepath.ToSlash(mount.Target), "/"); folder == "content" {
				continue
			}
			roots = append(roots, rootOf(mod.Dir(), mount))
		}
	}
	for _, c := range e.collection.Contents {
		for _, root := range roots {
			if _, inside := lies(root, c.Filename); inside {
				return c.Path
			}
		}
	}
	return ""
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
		if t.Filename() == "" && templates.InContent(strings.TrimPrefix(t.PathInfo.Path(), "/")) {
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

var isNumber = regexp.MustCompile(`^\d+$`)

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
	if pages == e.configs.Base.Pagination.Path && isNumber.MatchString(number) {
		if owner := strings.TrimPrefix(path.Join(above, base), "/"); e.pages.owners[owner].page != nil {
			return owner
		}
	}
	if dir, ok := e.bundleOf(at); ok {
		return e.pages.pages[dir]
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
