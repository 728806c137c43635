package hugo

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gohugoio/hugo/resources/page"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

// notOfTheBody are the methods of a page whose result is made of front matter,
// paths, other files and the configuration, or that are looked at by name in
// package templates: Render, Scratch, Store, RelatedKeywords.
var notOfTheBody = strings.Fields(`
	Aliases AllTranslations AlternativeOutputFormats Ancestors BundleType CodeOwners CurrentSection Data Date Description Draft Eq
	ExpiryDate File FirstSection GetPage GetTerms GitInfo InSection IsAncestor IsDescendant IsBranch IsHome IsMenuCurrent IsNode
	IsPage IsSection IsTranslated Keywords Kind Lang Language Lastmod Layout LinkTitle MediaType Menus Name Next NextInSection
	OutputFormats Page Pages Paginate Paginator Param Params Parent Path PathInfo Permalink Prev PrevInSection PublishDate Ref
	RefFrom RegularPages RegularPagesRecursive RelPermalink RelRef RelRefFrom RelatedKeywords Render RenderString Resources
	ResourceType Scratch Section Sections SectionsEntries SectionsPath Site Sitemap Sites Slug Store String Title TranslationKey
	Translations Type Weight HasMenuCurrent
	ForEeachIdentity GetDependencyManager GetDependencyManagerForScope GetDependencyManagerForScopesAll GetIdentity
	GetInternalRelatedDocsHandler GetInternalTemplateBasePathAndDescriptor Group IdentifierBase Key MarkStale MarshalJSON
	PagesRecursive Rotate SiteVector Slice StaleVersion`)

// TestBodyMethods holds the list of what is made of a body to Hugo's pages: a new
// method has to be put on one side or the other.
func TestBodyMethods(t *testing.T) {
	methods := make(map[string]bool)
	// Templates may call whatever the page behind the interface has.
	for _, typ := range []reflect.Type{reflect.TypeFor[page.Page](), reflect.TypeFor[page.PageWithContext](), reflect.TypeOf(aPage(t))} {
		for i := range typ.NumMethod() {
			name := typ.Method(i).Name
			methods[name] = true
			if !templates.Body[name] && !slices.Contains(notOfTheBody, name) {
				t.Errorf("%s.%s: is it made of the body?", typ, name)
			}
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(templates.Body)), notOfTheBody...) {
		if !methods[name] {
			t.Errorf("pages have no method %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(compared)) {
		if !templates.Body[name] {
			t.Errorf("%s is compared, and nobody asks for it", name)
		}
	}
}

// aPage is a page as templates have it.
func aPage(t *testing.T) page.Page {
	dir := t.TempDir()
	for name, data := range map[string]string{"config.toml": `baseURL = "https://example.org/"`, "layouts/all.html": "x", "content/a.md": "x"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	opts := Options{Source: dir, Environment: "production", CacheDir: filepath.Join(dir, ".duskpress"), Log: slog.New(slog.DiscardHandler), Problems: new(pipeline.Problems)}
	e, err := Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c, err := e.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	job := pipeline.RenderJob{
		Collection: c, Source: func(_ *pipeline.Content, src []byte) ([]byte, error) { return src, nil }, Sink: func(*pipeline.File) error { return nil },
	}
	if _, err := e.Render(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return e.pages.all[0]
}
