package hugo

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/gohugoio/hugo/hugolib/segments"
	"github.com/gohugoio/hugo/resources/page"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

// currentFormat is the output format in which a page stands ready to be rendered.
func currentFormat(p page.Page) string {
	if name := within(reflect.ValueOf(p), "pageOutput", "f", "Name"); name.Kind() == reflect.String {
		return name.String()
	}
	return ""
}

// converted reports whether a page's body was converted for its present format.
func converted(p page.Page) bool {
	v := within(reflect.ValueOf(p), "pageOutput", "pco", "contentRendered", "v")
	return v.CanUint() && v.Uint() != 0
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
	number := make(map[string]int)
	for i, source := range p.Before.Sources {
		number[source] = i
	}
	changed := make(map[int]map[string]bool) // by source: the values that are others
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
		i, known := number[c.Path]
		if q == nil || q.Kind() != "page" || !known || e.htmlOf(q) == "" {
			return pipeline.Doubtf("%s is no page of its own", c.Path)
		}
		if made[c.Filename] > 1 && !pipeline.Seeded("several pages") {
			return pipeline.Doubtf("%s makes several pages", c.Path) // of several languages, say
		}
		if format := currentFormat(q); format != "html" {
			return pipeline.Doubtf("%s is rendered as %q before it is as HTML", c.Path, format) // its values were those of HTML
		}
		differs := maps.Clone(templates.Body)
		was := p.Before.Values[c.Path]
		for name, sum := range e.values(e.renderContext(q), q, maps.Keys(was)) {
			if was[name] == sum || pipeline.Seeded("values") {
				delete(differs, name)
			}
		}
		changed[i] = differs
	}
	var chosen []*pipeline.OutputRecord
	for _, at := range slices.Sorted(maps.Keys(p.Before.Outputs)) {
		o := p.Before.Outputs[at]
		if why := p.Before.Changes(o, changed); why != "" {
			chosen = append(chosen, o)
			p.render[o.Page+"\x00"+o.Format] = true
			p.Rendered[at], p.affected[at] = why, true
		}
	}
	for at, o := range p.Before.Standalone {
		p.affected[at] = p.Before.Changes(o, changed) != ""
	}
	chosen, err := e.chooseFormats(p, chosen)
	if err != nil {
		return err
	}
	e.convertAhead(chosen, p.Before)
	return nil
}

// chooseFormats adds what has to be rendered so that bodies are converted in the
// format in which a whole build does so first: another format may take a body as
// HTML left it.
func (e *Engine) chooseFormats(p *part, chosen []*pipeline.OutputRecord) ([]*pipeline.OutputRecord, error) {
	if pipeline.Seeded("formats of bodies") {
		return chosen, nil
	}
	html := make(map[int]string)
	for at, o := range p.Before.Outputs {
		if o.HTML && o.Format == "html" && o.Source >= 0 {
			html[o.Source] = at
		}
	}
	for _, o := range slices.Clone(chosen) {
		if o.Format == "html" || len(o.Body) == 0 {
			continue
		}
		if len(o.Keys) > 0 {
			return nil, pipeline.Doubtf("the format %s of %s chooses pages by what is in them", o.Format, o.Page)
		}
		for _, source := range o.Names {
			at, ok := html[source]
			if !ok {
				return nil, pipeline.Doubtf("the format %s of %s reads %s, which has no page in HTML", o.Format, o.Page, p.Before.Sources[source])
			}
			if p.affected[at] {
				continue
			}
			other := p.Before.Outputs[at]
			chosen = append(chosen, other)
			p.render[other.Page+"\x00"+other.Format] = true
			p.Rendered[at], p.affected[at] = fmt.Sprintf("the format %s of %s reads it, as HTML leaves it", o.Format, o.Page), true
		}
	}
	return chosen, nil
}

// publishing is a content file that changed, whose body may have published what an
// output is said to have published.
func (e *Engine) publishing(by string) string {
	before := e.part.Before
	o := before.Outputs[by]
	if o == nil {
		o = before.Standalone[by]
	}
	if o == nil {
		return ""
	}
	for _, source := range before.Publishing {
		if e.part.Changed[before.Sources[source]] && o.Converts(source) {
			return before.Sources[source]
		}
	}
	return ""
}

// carry takes over what was not rendered. A file of an output that was rendered,
// and that did not come again, is in doubt.
func (e *Engine) carry() error {
	var files []string
	for _, at := range slices.Sorted(maps.Keys(e.part.Before.Files)) {
		if e.destination.wrote(at) {
			continue
		}
		was := e.part.Before.Files[at]
		if was.Kind == pipeline.Asset {
			for _, by := range was.Publishers {
				if c := e.publishing(by); c != "" && !pipeline.Seeded("bodies") {
					return pipeline.Doubtf("%s may have been published by the body of %s, and did not come again", at, c)
				}
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
		files = append(files, at)
	}
	// Of several doubts always the same one is told.
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	doubts := make([]error, len(files))
	for i, at := range files {
		group.Go(func() error {
			if doubts[i] = e.part.Carry(e.outputFile(at, nil)); doubts[i] == nil {
				e.destination.keep(at)
			}
			return nil
		})
	}
	_ = group.Wait()
	for _, err := range doubts {
		if err != nil {
			return err
		}
	}
	return nil
}
