package hugo

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gohugoio/hugo/resources/page"

	"duskpress/tools/templates"
)

// notOfTheBody are the methods of a page whose result is made of front matter,
// paths, other files and the configuration, or that are looked at by name in
// package templates: Render, Scratch, Store, RelatedKeywords.
var notOfTheBody = strings.Fields(`
	Aliases AllTranslations AlternativeOutputFormats Ancestors BundleType CodeOwners CurrentSection Data Date Description Draft
	Eq Err ExpiryDate File FirstSection ForEeachIdentityByName GetDependencyManager GetIdentity GetInternalTemplateBasePath GetPage GetRelatedDocsHandler
	GetTerms GitInfo HeadingsFilteredByLevel InSection IsAncestor IsDescendant IsBranch IsHome IsMenuCurrent IsNode IsPage IsSection IsTranslated Keywords Kind Lang Language Lastmod Layout
	LinkTitle MediaType Menus Name Next NextInSection OutputFormats Page Pages Paginate Paginator Param Params Parent Path PathInfo Permalink PluginName
	Prev PrevInSection PublishDate Ref RefFrom RegularPages RegularPagesRecursive RelPermalink RelRef RelRefFrom RelatedKeywords Render RenderString
	Resources ResourceType Role Rotate Scratch Section Sections SectionsEntries SectionsPath Site Sitemap Sites Slug Store String Title TranslationKey
	Translations Type Version Weight HasMenuCurrent IsStandalone SidebarMenu Position Key GetDependencyManagerForScope GetDependencyManagerForScopesAll`)

// TestBodyMethods holds the list of what is made of a body to Hugo's pages: a new
// method has to be put on one side or the other.
func TestBodyMethods(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[page.Page](), reflect.TypeFor[page.PageWithContext]()} {
		for i := range typ.NumMethod() {
			name := typ.Method(i).Name
			if !templates.Body[name] && !slices.Contains(notOfTheBody, name) {
				t.Errorf("%s.%s: is it made of the body?", typ, name)
			}
		}
	}
	for _, name := range compared {
		if !templates.Body[name] {
			t.Errorf("%s is compared, and nobody asks for it", name)
		}
	}
}
