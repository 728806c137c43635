package hugo

import (
	"net/url"
	"path"
	"strings"
	"sync"
)

// linkOnly returns a function that knows the addresses of pages with the build
// option render = link, by front matter or cascade: paths in the site, as Hugo
// itself links to them. It asks Hugo when it is first called.
func (e *Engine) linkOnly() func(string) bool {
	clean := func(p string) string { return strings.TrimSuffix(strings.Trim(p, "/"), "/index.html") }
	addresses := sync.OnceValue(func() map[string]bool {
		all := make(map[string]bool)
		for _, p := range e.pages.all {
			if build, err := buildOptions(p); err != nil || build.render != "link" {
				continue
			}
			base := "/"
			if conf := e.configs.LanguageConfigMap[p.Lang()]; conf != nil {
				base += strings.Trim(conf.C.BaseURL.BasePathNoTrailingSlash, "/")
			}
			at, err := url.PathUnescape(p.RelPermalink())
			if err != nil {
				at = p.RelPermalink()
			}
			at = strings.TrimPrefix(at, base)
			if e.configs.IsMultihost {
				at = path.Join(p.Lang(), at)
			}
			all[clean(at)] = true
		}
		return all
	})
	return func(p string) bool { return addresses()[clean(p)] }
}
