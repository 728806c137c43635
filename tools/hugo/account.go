package hugo

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/gohugoio/hugo/output"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
)

// Account tells how the engine came to the site, as far as Render got. Which
// partials a page was made with is known where Options.Account was set.
func (e *Engine) Account() (*pipeline.Account, error) {
	a := &pipeline.Account{Outputs: make(map[string]*pipeline.Output), Copied: make(map[string]string)}
	for _, lang := range e.configs.Languages {
		conf := e.configs.LanguageConfigMap[lang.Lang]
		base := pipeline.Base{Language: lang.Lang, Address: conf.C.BaseURL.String()}
		if e.configs.IsMultihost {
			base.Folder = lang.Lang
		}
		if !strings.HasSuffix(base.Address, "/") {
			base.Address += "/"
		}
		a.Bases = append(a.Bases, base)
	}
	for p, file := range e.pages.static {
		a.Copied[p] = e.log.relative(file)
	}
	for p := range e.destination.sums {
		if file, ok := e.bundleFile(p); ok {
			a.Copied[p] = e.log.relative(file)
		}
	}
	known := make(map[page.Page]*pipeline.Page)
	byPath := make(map[string]*pipeline.Page) // lists of pages hold wrappers of them
	key := func(p page.Page) string { return p.Lang() + "\x00" + p.Kind() + "\x00" + p.Path() }
	for _, p := range append(slices.Clone(e.pages.all), e.standalone()...) {
		made, err := e.accountPage(p)
		if err != nil {
			return nil, err
		}
		known[p], byPath[key(p)] = made, made
		a.Pages = append(a.Pages, made)
	}
	for p, made := range known {
		for _, o := range made.Outputs {
			if before := a.Outputs[o.Path]; before == nil || before.Alias && !o.Alias {
				a.Outputs[o.Path] = o
			}
		}
		for _, plural := range e.settings.Taxonomies {
			for _, term := range p.GetTerms(plural) {
				if t := byPath[key(term)]; t != nil {
					made.Terms = append(made.Terms, t)
				}
			}
		}
		for _, t := range p.Translations() {
			if t := byPath[key(t)]; t != nil {
				made.Translations = append(made.Translations, t)
			}
		}
	}
	slices.SortStableFunc(a.Pages, func(a, b *pipeline.Page) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return a, nil
}

// standalone are the pages that are in no list: 404, sitemap, robots.txt.
func (e *Engine) standalone() []page.Page {
	if e.pages.all == nil {
		return nil
	}
	var list []page.Page
	for _, s := range e.sites.Sites {
		for _, name := range []string{"/404", "/_robots", "/_sitemap", "/_sitemapindex"} {
			if p, err := s.GetPage(name); err == nil && p != page.NilPage && !slices.Contains(e.pages.all, p) && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return list
}

func (e *Engine) accountPage(p page.Page) (*pipeline.Page, error) {
	made := &pipeline.Page{Kind: p.Kind(), Title: p.Title(), Language: p.Lang(), Path: p.Path()}
	if f := p.File(); f != nil {
		made.Content = e.byFilename[f.Filename()]
	}
	build, err := buildOptions(p)
	if err != nil {
		return nil, err
	}
	made.Render, made.List = build.render, build.list
	list, err := targets(p)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		o := &pipeline.Output{Page: made, Path: t.path, Format: t.format, MediaType: t.mediaType}
		main, base, err := e.templateOf(p, t)
		if err != nil {
			return nil, err
		}
		o.Template, o.Base = e.template(main), e.template(base)
		if err := e.madeWith(o, p, main, base); err != nil {
			return nil, err
		}
		made.Outputs = append(made.Outputs, o)
		if t.html && !e.configs.Base.DisableAliases {
			aliases := aliasTargets(p, t)
			if len(aliases) == 0 {
				continue
			}
			main, _, err := e.templateOf(p, target{format: output.AliasHTMLFormat.Name, mediaType: output.AliasHTMLFormat.MediaType.Type, alias: true})
			if err != nil {
				return nil, err
			}
			for _, path := range aliases {
				made.Outputs = append(made.Outputs, &pipeline.Output{Page: made, Path: path, Format: t.format, MediaType: t.mediaType, Alias: true, Template: e.template(main)})
			}
		}
	}
	return made, nil
}

type buildOption struct{ render, list string }

// buildOptions are those of front matter and cascades, for which Hugo's page has
// no door.
func buildOptions(p page.Page) (buildOption, error) {
	fail := func() (buildOption, error) {
		return buildOption{}, fmt.Errorf("hugo seam Account: %T has no fields m.pageConfig.Build.Render and List", p)
	}
	v := within(reflect.ValueOf(p), "m", "pageConfig", "Build")
	if v.Kind() != reflect.Struct || v.FieldByName("Render").Kind() != reflect.String || v.FieldByName("List").Kind() != reflect.String {
		return fail()
	}
	return buildOption{v.FieldByName("Render").String(), v.FieldByName("List").String()}, nil
}

// described is the page as Hugo's own lookup of templates sees it.
type described interface {
	GetInternalTemplateBasePathAndDescriptor() (string, tplimpl.TemplateDescriptor)
}

// templateOf asks Hugo's store, in the way in which Hugo does before it renders,
// for the template of a page in a format; nil if there is none.
func (e *Engine) templateOf(p page.Page, t target) (main, base *tplimpl.TemplInfo, err error) {
	d, ok := p.(described)
	if !ok {
		return nil, nil, fmt.Errorf("hugo seam Account: %T tells nothing of its template", p)
	}
	name, desc := d.GetInternalTemplateBasePathAndDescriptor()
	desc.OutputFormat, desc.MediaType, desc.IsPlainText = t.format, t.mediaType, t.plain
	if t.alias { // Hugo has one template for the aliases of all kinds of pages
		desc.Kind, desc.LayoutFromUser = "", ""
	}
	main = e.sites.Sites[0].TemplateStore.LookupPagesLayout(tplimpl.TemplateQuery{
		Path: name, Category: tplimpl.CategoryLayout, Sites: page.GetSiteVector(p), Desc: desc,
	})
	if main == nil {
		return nil, nil, nil
	}
	field := reflect.ValueOf(main).Elem().FieldByName("base")
	if field.Type() != reflect.TypeFor[*tplimpl.TemplInfo]() {
		return nil, nil, fmt.Errorf("hugo seam Account: %T has no field base", main)
	}
	return main, *(**tplimpl.TemplInfo)(unsafe.Pointer(field.UnsafeAddr())), nil
}

// madeBy is the file of the template that a page was written with at a path, or "".
func (e *Engine) madeBy(path string) string {
	pages := e.standalone()
	if o, ok := e.pages.owners[path]; ok && o.page != nil {
		pages = []page.Page{o.page}
	}
	for _, p := range pages {
		list, err := targets(p)
		if err != nil {
			return ""
		}
		for _, t := range list {
			if t.path != path {
				continue
			}
			if main, _, err := e.templateOf(p, t); err == nil && main != nil {
				return e.template(main).File
			}
		}
	}
	return ""
}

// template names a template for its author.
func (e *Engine) template(t *tplimpl.TemplInfo) *pipeline.Template {
	if t == nil {
		return nil
	}
	made := &pipeline.Template{Name: strings.TrimPrefix(t.PathInfo.Path(), "/")}
	if f := t.Filename(); f != "" {
		made.File = e.log.relative(f)
	}
	return made
}

// bundleFile is the file of a bundle that a published file is a copy of.
func (e *Engine) bundleFile(p string) (string, bool) {
	for dir, rest := path.Dir(p), path.Base(p); ; dir, rest = path.Dir(dir), path.Base(dir)+"/"+rest {
		key := dir
		if key == "." {
			key = ""
		}
		if source, ok := e.pages.bundleDirs[key]; ok {
			if file := filepath.Join(source, filepath.FromSlash(rest)); e.resources[file] {
				return file, true
			}
		}
		if dir == "." || dir == "/" {
			return "", false
		}
	}
}
