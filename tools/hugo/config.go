package hugo

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/minifiers"

	"duskpress/tools/frontmatter"
	"duskpress/tools/minify"
	"duskpress/tools/pipeline"
)

// minifyConfig hands Hugo's [minify] settings on.
func minifyConfig(c minifiers.MinifyConfig) minify.Config {
	return minify.Config{
		DisableHTML: c.DisableHTML,
		DisableCSS:  c.DisableCSS,
		DisableJS:   c.DisableJS,
		DisableJSON: c.DisableJSON,
		DisableSVG:  c.DisableSVG,
		DisableXML:  c.DisableXML,
		HTML:        c.Tdewolff.HTML,
		CSS:         c.Tdewolff.CSS,
		JS:          c.Tdewolff.JS,
		JSON:        c.Tdewolff.JSON,
		SVG:         c.Tdewolff.SVG,
		XML:         c.Tdewolff.XML,
	}
}

// locateConfig finds a dotted key in the configuration files. Files in a
// configuration directory are named for the table they hold.
func (e *Engine) locateConfig(key string) (file string, line, column int) {
	for _, name := range e.configFiles() {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		ext := strings.TrimPrefix(filepath.Ext(name), ".")
		if ext == "yml" {
			ext = "yaml"
		}
		table, _, _ := strings.Cut(strings.ToLower(filepath.Base(name)), ".")
		inFile := key
		if table != "hugo" && table != "config" {
			rest, ok := strings.CutPrefix(key, table+".")
			if !ok {
				continue
			}
			inFile = rest
		}
		off, exact := frontmatter.Locate(ext, data, inFile)
		if off < 0 || (file != "" && !exact) {
			continue
		}
		file = e.log.relative(name)
		line, column = frontmatter.Place(data, off)
		if exact {
			return file, line, column
		}
	}
	return file, line, column
}

// placeTheme points a problem with a missing theme at the key that names it.
// The configuration is not loaded then, so its usual files are looked through.
func (e *Engine) placeTheme(p pipeline.Problem) pipeline.Problem {
	if p.File != "" || !strings.Contains(p.Message, "module") {
		return p
	}
	for _, name := range []string{"hugo.toml", "hugo.yaml", "hugo.yml", "config.toml", "config.yaml", "config.yml", "config/_default/hugo.toml", "config/_default/config.toml"} {
		data, err := os.ReadFile(filepath.Join(e.opts.Source, filepath.FromSlash(name)))
		if err != nil {
			continue
		}
		format := strings.Replace(strings.TrimPrefix(filepath.Ext(name), "."), "yml", "yaml", 1)
		for _, key := range []string{"theme", "module.imports"} {
			if off, exact := frontmatter.Locate(format, data, key); exact {
				p.File = name
				p.Line, p.Column = frontmatter.Place(data, off)
				return p
			}
		}
	}
	return p
}

// taxonomies are those of every language: each may have its own.
func (e *Engine) taxonomies() []string {
	var plurals []string
	for _, conf := range e.configs.LanguageConfigMap {
		plurals = slices.AppendSeq(plurals, maps.Values(conf.Taxonomies))
	}
	slices.Sort(plurals)
	return slices.Compact(plurals)
}
