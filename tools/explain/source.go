package explain

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// content answers for a content file.
func (s *Site) content(a *Answer, c *pipeline.Content) {
	a.What, a.File, a.Form = "content file", c.Path, c.Format
	if c.Format == "" {
		a.Form = "none"
	}
	for key, value := range c.FrontMatter {
		at := c.Keys[key]
		a.Metadata = append(a.Metadata, Metadata{key, value, at.Line, at.Column})
	}
	slices.SortFunc(a.Metadata, func(x, y Metadata) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Key, y.Key))
	})
	if s.Trace != nil {
		a.Source = s.Trace.Source(c.Path)
	}
	a.Problems = s.problemsOf(c.Path)
	page := s.pageOf(c)
	s.tags(a, c, page)
	if page != nil {
		a.Page = pageOf(page)
		if c.IsMarkdown() {
			a.Markdown = s.Markdown
		}
		for _, o := range page.Outputs {
			a.Outputs = append(a.Outputs, s.describe(o.Path))
		}
		a.Outputs = append(a.Outputs, s.bundled(c, page)...)
		for _, t := range page.Translations {
			a.Translations = append(a.Translations, translation(t))
		}
	}
	a.Reasons = s.Engine.Why(c)
	s.conclude(a)
	if a.Published {
		a.Links = s.linksTo(paths(a.Outputs), c.Path)
	}
}

// conclude says whether the thing is published, from its outputs, its reasons
// and the errors of the site.
func (s *Site) conclude(a *Answer) {
	written := 0
	for _, o := range a.Outputs {
		if o.Written {
			written++
		}
	}
	a.Published = written > 0
	for _, p := range a.Problems {
		if p.Severity == pipeline.Error {
			a.Reasons = append(a.Reasons, Reason{Text: "an error in it: " + p.Message, File: p.File, Line: p.Line, Column: p.Column, Hint: p.Hint})
		}
	}
	errors, _ := s.Problems.Count()
	switch {
	case a.Published && errors > 0:
		a.Summary = "this build has made it, but publishes nothing: " + plural(errors, "error") + " of the site"
	case a.Published && written == 1:
		a.Summary = "published as " + paths(a.Outputs)[0]
	case a.Published:
		a.Summary = fmt.Sprintf("published as %s, and %s", paths(a.Outputs)[0], plural(written-1, "more file"))
	case len(a.Reasons) > 0:
		a.Summary = "not published: " + a.Reasons[0].Text
	case len(a.Outputs) > 0 && len(a.Outputs[0].Reasons) > 0:
		a.Summary = "not published: " + a.Outputs[0].Reasons[0].Text
	case errors > 0:
		a.Summary = "not published by this build: " + plural(errors, "error") + " of the site ended it"
	default:
		a.Summary = "not published"
	}
	if a.Published && errors > 0 || !a.Published && len(a.Reasons) == 0 && errors > 0 {
		for _, p := range s.Problems.Sorted() {
			if p.Severity == pipeline.Error {
				a.Notes = append(a.Notes, fmt.Sprintf("the first error is at %s: %s [%s]", p.Position(), p.Message, p.Rule))
				break
			}
		}
	}
}

// paths are those of outputs that were written, in order.
func paths(list []Output) []string {
	var out []string
	for _, o := range list {
		if o.Written {
			out = append(out, o.Path)
		}
	}
	return out
}

func (s *Site) pageOf(c *pipeline.Content) *pipeline.Page {
	for _, p := range s.Account.Pages {
		if p.Content == c && p.Language == c.Language {
			return p
		}
	}
	for _, p := range s.Account.Pages {
		if p.Content == c {
			return p
		}
	}
	return nil
}

func pageOf(p *pipeline.Page) *Page {
	return &Page{Kind: p.Kind, Title: p.Title, Language: p.Language, Path: p.Path, Render: p.Render, List: p.List}
}

// translation names a page in another language by its source, else its output.
func translation(p *pipeline.Page) string {
	name := p.Path
	if p.Content != nil {
		name = p.Content.Path
	} else if len(p.Outputs) > 0 {
		name = p.Outputs[0].Path
	}
	return p.Language + ": " + name
}

// tags lists the tags that a file has, as it writes them and as they are titled.
func (s *Site) tags(a *Answer, c *pipeline.Content, page *pipeline.Page) {
	terms := make(map[string]string) // a term's page by the last element of its path
	if page != nil {
		for _, t := range page.Terms {
			if len(t.Outputs) > 0 {
				terms[t.Path] = t.Outputs[0].Path
			}
		}
	}
	if s.Collection != nil && s.Collection.TagUses != nil {
		for _, u := range s.Collection.TagUses(c) {
			a.Tags = append(a.Tags, Tag{Written: u.Written, Title: u.Title, Page: terms["/tags/"+u.Slug], Why: u.Why, Line: u.Line, Column: u.Column})
		}
		return
	}
	// Without the plugin tags they are what Hugo has of every taxonomy.
	if page == nil {
		return
	}
	for _, t := range page.Terms {
		tag := Tag{Written: t.Title, Title: t.Title, Page: terms[t.Path]}
		plural, _, _ := strings.Cut(strings.TrimPrefix(t.Path, "/"), "/")
		at := c.Keys[plural]
		tag.Line, tag.Column = at.Line, at.Column
		a.Tags = append(a.Tags, tag)
	}
}

// bundled are the published files of a page's bundle, and what was made of them.
func (s *Site) bundled(c *pipeline.Content, page *pipeline.Page) []Output {
	if base := c.Base(); !strings.HasPrefix(base, "index.") && !strings.HasPrefix(base, "_index.") {
		return nil
	}
	dir := c.Path[:strings.LastIndexByte(c.Path, '/')+1]
	var found []string
	var stems []string
	for path, source := range s.Account.Copied {
		rest, ok := strings.CutPrefix(source, dir)
		if !ok || strings.HasPrefix(c.Base(), "_index.") && strings.Contains(rest, "/") {
			continue
		}
		found = append(found, path)
		stems = append(stems, path)
	}
	for _, o := range page.Outputs {
		for _, file := range o.Read {
			if strings.HasPrefix(file, dir) {
				if i := strings.LastIndexByte(o.Path, '/'); i >= 0 {
					stems = append(stems, o.Path[:i+1]+strings.TrimPrefix(file, dir))
				}
			}
		}
	}
	for _, f := range s.Files() {
		if f.Kind == pipeline.Asset && !slices.Contains(found, f.Path) && slices.ContainsFunc(stems, func(stem string) bool { return made(stem, f.Path) }) {
			found = append(found, f.Path)
		}
	}
	slices.Sort(found)
	var list []Output
	for _, path := range found {
		list = append(list, s.describe(path))
	}
	return list
}

const heldPage = "page of a content adapter"

// held answers for a page that an adapter makes and that is not published.
func (s *Site) held(a *Answer, h *pipeline.HeldPage) {
	a.What, a.File = heldPage, h.Adapter.Path
	a.Reasons = h.Reasons
	a.Problems = s.problemsOf(a.File)
	s.conclude(a)
}

func (s *Site) problemsOf(file string) []pipeline.Problem {
	var list []pipeline.Problem
	for _, p := range s.Problems.Sorted() {
		if p.File == file {
			list = append(list, p)
		}
	}
	return list
}

// relative is a file's name as the engine shows it.
func (s *Site) relative(name string) string {
	rel, err := filepath.Rel(s.Settings.Source, name)
	if err != nil || strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(name)
	}
	return filepath.ToSlash(rel)
}

// source answers for a file that is no page.
func (s *Site) source(a *Answer, name string) {
	a.File = s.relative(name)
	a.Problems = s.problemsOf(a.File)
	role := s.Engine.Role(name)
	if s.ignored(a, role) {
		return
	}
	switch role.Component {
	case "":
		a.What, a.Summary = "other file", "not part of the site: no mount of the configuration has it"
		a.Reasons = []Reason{{Text: "Hugo reads content/, static/, assets/, layouts/, data/, i18n/ and archetypes/, unless the configuration mounts others", Hint: "move it to one of them"}}
		return
	case "configuration":
		a.What, a.Summary = "configuration", "read before everything else, and never published"
		switch {
		case role.Filtered:
			a.Summary = "not read: it is for other environments than " + s.Environment
		case role.Module != "":
			a.Summary = "the configuration of " + role.Module + ", over which the site's own goes"
		}
		return
	case "data", "i18n", "archetypes":
		a.What = map[string]string{"data": "data file", "i18n": "translations", "archetypes": "archetype"}[role.Component]
		a.Summary = map[string]string{
			"data": "read by templates, and never published by itself", "i18n": "texts of templates, never published by itself",
			"archetypes": "what a new post begins with, never published",
		}[role.Component]
	}
	if role.Behind != "" {
		a.Reasons = append(a.Reasons, Reason{Text: fmt.Sprintf("%s has its place: of files with one path in %s/ the site's own comes first, then that of the first theme", role.Behind, role.Component), File: role.Behind, Hint: "rename or remove one of them"})
	}
	if len(role.Why) > 0 {
		a.Reasons = append(a.Reasons, role.Why...)
	} else if role.Filtered {
		a.Reasons = append(a.Reasons, Reason{Text: "it lies in a mounted directory, and is not taken from there: a filter of the mount, a switched-off language, or a file that hides it", Hint: "look at module.mounts and ignoreFiles in the configuration"})
	}
	switch role.Component {
	case "layouts":
		s.template(a)
	case "static", "assets", "content":
		s.resource(a, role)
	}
	if len(a.Reasons) > 0 && a.Summary == "" {
		a.Summary = "no effect: " + a.Reasons[0].Text
	}
}

// ignored answers for files that the engine passes over by their name.
func (s *Site) ignored(a *Answer, role pipeline.Role) bool {
	if s.Collection == nil {
		return false
	}
	for _, i := range s.Collection.Ignored {
		if i.Path != a.File {
			continue
		}
		a.What, a.Summary = "content file", "not published: "+i.Reason
		r := Reason{Text: i.Reason, File: a.File, Hint: "rename it"}
		if strings.Contains(i.Reason, "ignoreFiles") && s.Locate != nil {
			r.File, r.Line, r.Column = s.Locate("ignorefiles")
			r.Hint = "mend the pattern, or rename the file"
		}
		if strings.HasPrefix(i.Reason, "not taken") {
			r.Hint = "look at module.mounts and the languages in the configuration"
		}
		a.Reasons = []Reason{r}
		if len(role.Why) > 0 {
			a.Reasons = role.Why
			a.Summary = "not published: " + role.Why[0].Text
		}
		return true
	}
	return false
}

// template answers for a file of layouts/.
func (s *Site) template(a *Answer) {
	a.What = "template"
	for _, o := range s.templates[a.File] {
		if !slices.Contains(a.Uses, o.Path) {
			a.Uses = append(a.Uses, o.Path)
		}
	}
	slices.Sort(a.Uses)
	switch {
	case len(a.Uses) > 0:
		a.Summary = "used by " + plural(len(a.Uses), "page")
	case len(a.Reasons) > 0:
	case len(s.Account.Pages) == 0 || s.Ended == "collect" || s.Ended == "render":
		a.Summary = "the build ended before it was known which pages use it"
	default:
		a.Summary = "no page of this build was made with it"
	}
}

// resource answers for a file that is published as it is, or by templates.
func (s *Site) resource(a *Answer, role pipeline.Role) {
	a.What = map[string]string{"static": "static file", "assets": "asset", "content": "file beside pages"}[role.Component]
	if role.Adapter {
		a.What, a.Summary = "content adapter", "a template that makes pages, never published itself"
		for _, h := range s.heldPages() {
			if h.Adapter.Path == a.File {
				a.Notes = append(a.Notes, fmt.Sprintf("the page %s, language %s, is not published: %s", h.Path, h.Language, h.Reason))
			}
		}
		return
	}
	var found []string
	for path, source := range s.Account.Copied {
		if source == a.File && s.File(path) != nil {
			found = append(found, path)
		}
	}
	logical := role.Logical
	if role.Component == "content" {
		logical = strings.ToLower(logical)
	}
	if role.Component != "static" {
		for _, f := range s.Files() {
			if f.Kind != pipeline.Asset || slices.Contains(found, f.Path) {
				continue
			}
			if made(logical, strings.ToLower(f.Path)) || f.Path == logical {
				found = append(found, f.Path)
			}
		}
	}
	for _, o := range s.readers[a.File] {
		if !slices.Contains(a.Uses, o.Path) {
			a.Uses = append(a.Uses, o.Path)
		}
		// What a page made of a file of its bundle lies beside the page.
		dir := o.Path[:strings.LastIndexByte(o.Path, '/')+1]
		base := a.File[strings.LastIndexByte(a.File, '/')+1:]
		for _, f := range s.Files() {
			if role.Component == "content" && f.Kind == pipeline.Asset && made(dir+base, f.Path) && !slices.Contains(found, f.Path) {
				found = append(found, f.Path)
			}
		}
	}
	slices.Sort(a.Uses)
	slices.Sort(found)
	for _, path := range found {
		a.Outputs = append(a.Outputs, s.describe(path))
	}
	if len(a.Outputs) == 0 && len(a.Reasons) == 0 {
		s.whyNoCopy(a, role)
	}
	s.conclude(a)
	if !a.Published && len(a.Uses) > 0 {
		a.Summary = "read by " + plural(len(a.Uses), "page") + ", and not published under a name like its own"
		a.Reasons = nil
	}
	if a.Published {
		a.Links = s.linksTo(paths(a.Outputs), a.File)
	}
}

// whyNoCopy says why a file that could be published is not.
func (s *Site) whyNoCopy(a *Answer, role pipeline.Role) {
	switch {
	case s.Ended != "":
	case role.Component == "assets":
		a.Reasons = append(a.Reasons, Reason{Text: "a file of assets/ is published by templates alone, and Hugo notes no page of this build that reads it", File: a.File, Hint: "move it to static/, or use resources.Get in a template"})
	case role.Component == "content":
		text := "it is no content file by its name, and no page publishes it"
		hint := "the name of a page ends in .md"
		if owner := s.ownerOf(a.File); owner != nil {
			text = fmt.Sprintf("it is a file of the page of %s, which does not publish it", owner.Path)
			hint = "look at publishResources in the build options, and whether that page is published"
			for _, r := range s.Engine.Why(owner) {
				a.Reasons = append(a.Reasons, Reason{Text: fmt.Sprintf("it is a file of the page of %s, and that is not published: %s", owner.Path, r.Text), File: r.File, Line: r.Line, Column: r.Column, Hint: r.Hint})
			}
			if len(a.Reasons) > 0 {
				return
			}
		}
		a.Reasons = append(a.Reasons, Reason{Text: text, File: a.File, Hint: hint})
	case role.Component == "static":
		a.Reasons = append(a.Reasons, Reason{Text: "it lies in a mounted directory, and a filter of the mount leaves it out", File: a.File, Hint: "look at files, includeFiles and excludeFiles in module.mounts"})
	}
}

// ownerOf is the index file of the bundle that holds a file.
func (s *Site) ownerOf(file string) *pipeline.Content {
	var best *pipeline.Content
	for _, c := range s.contents() {
		if !strings.HasPrefix(c.Base(), "index.") && !strings.HasPrefix(c.Base(), "_index.") {
			continue
		}
		dir := c.Path[:strings.LastIndexByte(c.Path, '/')+1]
		if strings.HasPrefix(file, dir) && (best == nil || len(c.Path) > len(best.Path)) {
			best = c
		}
	}
	return best
}

// receipt is the file that publishing adds to a site.
const receipt = ".duskpress"

// output answers for a path of the site.
func (s *Site) output(a *Answer, path string) {
	if path == receipt {
		a.What, a.Summary = "receipt", "written when the site is published: how many files there are, and a sum over them"
		return
	}
	a.What = "output file"
	d := s.describe(path)
	a.Outputs = []Output{d}
	if o := s.planned(path); o != nil {
		a.Page = pageOf(o.Page)
		content := o.Page.Content
		if content != nil && !o.Alias {
			a.File = content.Path
			if s.Trace != nil {
				a.Source = s.Trace.Source(content.Path)
			}
			if content.IsMarkdown() {
				a.Markdown = s.Markdown
			}
		}
	} else if source := s.Account.Copied[path]; source != "" {
		a.File = source
	}
	if a.File != "" {
		a.Problems = s.problemsOf(a.File)
	}
	s.conclude(a)
	if !d.Written && len(d.Reasons) == 0 && s.Ended == "" {
		a.Outputs = nil
		a.Summary = "not of this build: it is left in the published site from an earlier one, or somebody put it there"
		a.Reasons = []Reason{{Text: "no page, template or file of the site makes " + path, Hint: "the next build removes it"}}
		return
	}
	a.Links = s.linksTo([]string{path}, a.File)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
