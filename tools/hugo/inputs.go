package hugo

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gohugoio/hugo/common/htime"
	"github.com/gohugoio/hugo/config/security"
	"github.com/spf13/afero"

	"duskpress/tools/pipeline"
)

// Inputs are what the site depends on, as far as that can be told, so that a
// build can be left out when none of it has changed.
type Inputs struct {
	Roots  []string // directories
	Except []string // what in them is no input
	Files  []string // further files; that one is missing counts too
	// Until is when the passing of time alone changes the site; zero: never.
	Until time.Time
	// Strict says that what the system notes of a file counts, and not its bytes
	// alone.
	Strict bool
	// Doubt says why no list of inputs proves that the site is as it was; empty
	// if it does.
	Doubt string
}

// EnvName reports whether a site may depend on a variable of the environment.
// Templates may ask for some alone, unless the configuration lets them ask for
// others, which is a doubt.
func EnvName(name string) bool {
	switch name {
	case "TZ", "CI", "PATH", "NODE_PATH", "HOME":
		return true
	}
	return strings.HasPrefix(name, "HUGO") || strings.HasPrefix(name, "GO")
}

// Inputs is for the end of a good build.
func (e *Engine) Inputs() Inputs {
	in := Inputs{
		Roots:  []string{e.opts.Source},
		Except: e.notInputs(),
	}
	for _, mod := range e.configs.Modules {
		if mod.Dir() != "" {
			in.Roots = append(in.Roots, filepath.Clean(mod.Dir()))
		}
		for _, mount := range mod.Mounts() {
			root := mount.Source
			if !filepath.IsAbs(root) {
				root = filepath.Join(mod.Dir(), root)
			}
			in.Roots = append(in.Roots, filepath.Clean(root))
		}
	}
	for _, name := range append(slices.Clone(e.configs.LoadingInfo.ConfigFiles), "/etc/localtime") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(e.opts.Source, name)
		}
		if real, err := filepath.EvalSymlinks(name); err == nil {
			in.Files = append(in.Files, real)
		}
	}
	// The bundler of scripts and style sheets looks for these in all directories
	// above as well.
	for dir := filepath.Dir(e.opts.Source); ; dir = filepath.Dir(dir) {
		for _, name := range []string{"package.json", "tsconfig.json", "jsconfig.json", "node_modules"} {
			in.Files = append(in.Files, filepath.Join(dir, name))
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	in.Files = append(in.Files, e.source.outside()...)
	in.Doubt, in.Strict = e.doubt()
	in.Until = e.nextChange()
	return in
}

// notInputs are what lies below the source and is not read: what is published,
// what is kept, and git's own files, for which doubt looks.
func (e *Engine) notInputs() []string {
	dest := e.PublishDir()
	return []string{
		dest, filepath.Join(filepath.Dir(dest), "."+filepath.Base(dest)+".duskpress"), e.opts.CacheDir,
		filepath.Join(e.opts.Source, ".duskpress"), filepath.Join(e.opts.Source, ".git"), filepath.Join(e.opts.Source, ".hugo_build.lock"),
	}
}

// unprovable are the words in templates that read what no list of files shows:
// the clock, chance, the network, other programs, times of files.
var unprovable = map[string]string{
	"now": "the clock", "getremote": "remote data", "getjson": "remote data", "getcsv": "remote data", "openapi3": "remote references",
	"gitinfo": "git data", "builddate": "the program's build date", "commithash": "the program's commit",
	"modtime": "times of files",
	"shuffle": "chance", "rand": "chance", "counter": "what the process counts",
	"postcss": "another program", "babel": "another program", "tailwindcss": "another program", "sass": "another program", "tocss": "another program",
}

// looksAtFiles are words in templates that get at what the system notes of a
// file: then nothing of that may have changed either.
var looksAtFiles = []string{"fileinfo", "stat", "readdir"}

// remoteShortcodes are Hugo's own that ask another host.
var remoteShortcodes = map[string]bool{
	"x": true, "x_simple": true, "tweet": true, "twitter": true, "twitter_simple": true, "vimeo": true, "vimeo_simple": true,
	"instagram": true, "instagram_simple": true, "gist": true,
}

// doubt says what the site depends on that cannot be proven to be as it was.
func (e *Engine) doubt() (why string, strict bool) {
	base := e.configs.Base
	switch {
	case base.EnableGitInfo:
		return "enableGitInfo: git data", false
	case !reflect.DeepEqual(base.Security.Funcs.Getenv, security.DefaultConfig.Funcs.Getenv):
		return "[security.funcs] getenv lets templates read more of the environment", false
	case base.Security.EnableInlineShortcodes:
		return "inline shortcodes", false
	case slices.ContainsFunc(slices.Concat(base.Frontmatter.Date, base.Frontmatter.Lastmod, base.Frontmatter.PublishDate, base.Frontmatter.ExpiryDate), func(s string) bool {
		return strings.EqualFold(s, ":filemodtime")
	}):
		return "[frontmatter] takes dates from files", false
	}
	for _, c := range e.collection.Contents {
		switch strings.ToLower(path.Ext(c.Logical)) {
		case ".md", ".markdown", ".mdown", ".html", ".htm", ".org":
		default:
			return c.Path + ": another program reads it", false
		}
		for _, s := range c.Shortcodes {
			if remoteShortcodes[strings.TrimPrefix(s.Name, "/")] {
				return fmt.Sprintf("%s: the shortcode %s may ask another host", c.Path, s.Name), false
			}
		}
	}
	words := make(map[string]bool)
	look := func(what, name string, data []byte) {
		actionWords(data, func(word string) {
			words[word] = true
			strict = strict || slices.Contains(looksAtFiles, word)
			if doubt, ok := unprovable[word]; ok && why == "" {
				why = fmt.Sprintf("the %s %s has %q: %s", what, strings.TrimPrefix(filepath.ToSlash(name), "/"), word, doubt)
			}
		})
	}
	scan := func(fs afero.Fs, what string) {
		_ = afero.Walk(fs, "", func(name string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() || why != "" {
				return nil
			}
			data, err := afero.ReadFile(fs, name)
			if err != nil {
				why = fmt.Sprintf("the %s %s cannot be read", what, name)
				return nil
			}
			look(what, name, data)
			return nil
		})
	}
	scan(e.sites.BaseFs.Layouts.Fs, "template")
	for _, a := range e.collection.Adapters {
		data, err := a.Read()
		if err != nil {
			return a.Path + " cannot be read", false
		}
		look("content adapter", a.Path, data)
	}
	// What is made a template may come from anywhere; the files that it most often
	// comes from are looked at.
	if words["executeastemplate"] {
		scan(e.sites.BaseFs.Assets.Fs, "asset")
		if why == "" && (words["fromstring"] || words["concat"] || words["replace"]) {
			why = "a text is made a template"
		}
	}
	if why == "" && (words["js"] || words["batch"]) {
		for dir := filepath.Dir(e.opts.Source); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "node_modules")); err == nil {
				why = "scripts may come from " + filepath.Join(dir, "node_modules")
			}
		}
	}
	if why == "" {
		why = e.source.doubt()
	}
	return why, strict
}

// actionWords visits the names in a template's actions, in lower case. Comments
// and quoted texts are passed over; where an action has no end, all that follows
// is taken for one.
func actionWords(data []byte, visit func(string)) {
	for {
		i := bytes.Index(data, []byte("{{"))
		if i < 0 {
			return
		}
		data = data[i+2:]
		for len(data) > 0 && !bytes.HasPrefix(data, []byte("}}")) {
			switch c := data[0]; {
			case bytes.HasPrefix(data, []byte("/*")):
				end := bytes.Index(data, []byte("*/"))
				if end < 0 {
					end = 0
				}
				data = data[end+2:]
			case c == '"' || c == '`' || c == '\'':
				data = data[quotedEnd(data):]
			case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
				n := 1
				for n < len(data) && (data[n] == '_' || data[n] >= '0' && data[n] <= '9' || data[n] >= 'a' && data[n] <= 'z' || data[n] >= 'A' && data[n] <= 'Z' || data[n] >= 0x80) {
					n++
				}
				visit(strings.ToLower(string(data[:n])))
				data = data[n:]
			default:
				data = data[1:]
			}
		}
	}
}

// quotedEnd is the length of the quoted text that data begins with.
func quotedEnd(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch {
		case data[i] == '\\' && data[0] != '`':
			i++
		case data[i] == data[0]:
			return i + 1
		case data[i] == '\n' && data[0] != '`':
			return 1 // no text after all
		}
	}
	return 1
}

// nextChange is the first time to come that any front matter has, whatever its
// key, or a page of an adapter: that a page appears or goes can depend on no other.
func (e *Engine) nextChange() time.Time {
	now := htime.Now()
	var first time.Time
	var look func(c *pipeline.Content, v any)
	look = func(c *pipeline.Content, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, v := range v {
				look(c, v)
			}
			return
		case []any:
			for _, v := range v {
				look(c, v)
			}
			return
		case bool, int, int64, float64, nil:
			return
		}
		t, err := htime.ToTimeInDefaultLocationE(v, e.location(c))
		if err == nil && t.After(now) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, c := range e.collection.Contents {
		look(c, c.FrontMatter)
		// A name may begin with a date.
		for _, part := range strings.Split(c.Logical, "/") {
			if len(part) >= 10 {
				look(c, part[:10])
			}
		}
	}
	e.mu.Lock()
	if next := e.made.next; next.After(now) && (first.IsZero() || next.Before(first)) {
		first = next
	}
	e.mu.Unlock()
	for _, c := range e.collection.Contents[:min(1, len(e.collection.Contents))] {
		look(c, plain(e.configs.LoadingInfo.Cfg.Get("cascade")))
	}
	return first
}
