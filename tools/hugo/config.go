package hugo

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

var (
	notParsed  = regexp.MustCompile(`^parse ("(?:[^"\\]|\\.)*"): (.+)$`)
	baseURLKey = regexp.MustCompile(`(?i)(?:^|[\s{,."'])(baseurl)["']?\s*[=:]\s*(.*)$`)
	userInURL  = regexp.MustCompile(`//[^/@\s]*@`)
)

// placeBaseURL points a problem with an address that nothing can be made of at the
// baseURL that has it, which is the flag's, the environment's, or in a file.
func (e *Engine) placeBaseURL(p pipeline.Problem) pipeline.Problem {
	m := notParsed.FindStringSubmatch(p.Message)
	if m == nil || p.File != "" {
		return p
	}
	address, err := strconv.Unquote(m[1])
	if err != nil {
		return p
	}
	say := func(what string) {
		p.Rule = "base-url"
		p.Message = fmt.Sprintf("%s %s is no address: %s", what, userInURL.ReplaceAllString(m[1], "//…@"), userInURL.ReplaceAllString(m[2], "//…@"))
		p.Hint = "an address such as https://example.org/blog/ is wanted, without spaces"
	}
	switch address {
	case e.opts.Flags["baseURL"]:
		say("the baseURL of the command line")
		return p
	case os.Getenv("HUGO_BASEURL"):
		say("the variable HUGO_BASEURL")
		return p
	}
	for _, name := range e.usualConfigFiles() {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			at := baseURLKey.FindStringSubmatchIndex(line)
			if at == nil || strings.HasPrefix(strings.TrimSpace(line), "#") || !hasValue(line[at[4]:at[5]], address) {
				continue
			}
			p.File, p.Line, p.Column = e.log.relative(name), i+1, 1+utf8.RuneCountInString(line[:at[2]])
			say("the baseURL")
			return p
		}
	}
	return p
}

// hasValue reports whether what stands behind a key begins with a value, in quotes
// or without.
func hasValue(rest, value string) bool {
	for _, quote := range []string{`"`, "'"} {
		if strings.HasPrefix(rest, quote+value+quote) {
			return true
		}
	}
	bare, _, _ := strings.Cut(rest, " #")
	return strings.TrimSpace(bare) == value
}

// usualConfigFiles are where a configuration that could not be loaded may stand.
func (e *Engine) usualConfigFiles() []string {
	abs := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(e.opts.Source, filepath.FromSlash(name))
	}
	var names []string
	if e.opts.ConfigFile != "" {
		for name := range strings.SplitSeq(e.opts.ConfigFile, ",") {
			names = append(names, abs(strings.TrimSpace(name)))
		}
	} else {
		for _, base := range []string{"hugo", "config"} {
			for _, ext := range []string{".toml", ".yaml", ".yml", ".json"} {
				names = append(names, abs(base+ext))
			}
		}
	}
	dir := abs(cmp.Or(e.opts.ConfigDir, "config"))
	for _, sub := range []string{e.opts.Environment, "_default"} {
		_ = filepath.WalkDir(filepath.Join(dir, sub), func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				names = append(names, name)
			}
			return nil
		})
	}
	return names
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
