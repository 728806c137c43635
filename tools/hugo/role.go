package hugo

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/config"
	"github.com/spf13/afero"

	"duskpress/tools/pipeline"
)

// Role says what a file, by its absolute name, is to Hugo.
func (e *Engine) Role(filename string) pipeline.Role {
	if r, ok := e.configRole(filename); ok {
		return r
	}
	var behind pipeline.Role
	for _, mod := range e.configs.Modules {
		module := ""
		if mod.Owner() != nil {
			module = mod.Path()
		}
		for _, mount := range mod.Mounts() {
			root := mount.Source
			if !filepath.IsAbs(root) {
				dir := mod.Dir()
				if mod.Owner() == nil {
					dir = e.opts.Source
				}
				root = filepath.Join(dir, root)
			}
			rel, err := filepath.Rel(root, filename)
			if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
				continue
			}
			target := path.Join(filepath.ToSlash(mount.Target), filepath.ToSlash(rel))
			r := pipeline.Role{Module: module}
			r.Component, r.Logical, _ = strings.Cut(target, "/")
			e.place(&r, filename)
			if r.Filtered || r.Component == "content" {
				r.Why = e.whyFiltered(filename, append(mount.Sites.Matrix.Languages, mount.Lang))
			}
			if r.Behind == "" && !r.Filtered {
				return r
			}
			if behind.Component == "" || behind.Filtered {
				behind = r
			}
		}
	}
	return behind
}

// configRole is for the files of a configuration: the site's, those of its
// themes and modules, and those of other environments.
func (e *Engine) configRole(filename string) (pipeline.Role, bool) {
	r := pipeline.Role{Component: "configuration"}
	if slices.Contains(e.configFiles(), filename) {
		return r, true
	}
	for _, mod := range e.configs.Modules {
		if mod.Owner() != nil && slices.Contains(mod.ConfigFilenames(), filename) {
			r.Module = mod.Path()
			return r, true
		}
	}
	dir := e.opts.ConfigDir
	if dir == "" {
		dir = "config"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(e.opts.Source, dir)
	}
	if strings.HasPrefix(filename, dir+string(filepath.Separator)) && config.IsValidConfigFilename(filename) {
		r.Filtered = true
		return r, true
	}
	return r, false
}

// whyFiltered finds what keeps a file out that lies in a mounted directory: a
// name that Hugo ignores, or a language that is switched off. Languages are
// those of the mount.
func (e *Engine) whyFiltered(filename string, languages []string) []pipeline.Reason {
	shown := e.log.relative(filename)
	if e.sites.SourceSpec.IgnoreFile(filename) {
		base := filepath.Base(filename)
		if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") || strings.HasSuffix(base, "~") {
			return []pipeline.Reason{{Text: "Hugo ignores names that begin with . or #, or end with ~", File: shown, Hint: "rename it"}}
		}
		return []pipeline.Reason{e.atConfig("ignorefiles", "ignoreFiles has a pattern for its name", "mend the pattern, or rename the file")}
	}
	if parts := strings.Split(filepath.Base(filename), "."); len(parts) > 2 {
		languages = append(languages, parts[len(parts)-2])
	}
	for _, lang := range languages {
		if !e.configs.Base.C.DisabledLanguages[lang] {
			continue
		}
		key := "languages." + lang + ".disabled"
		if slices.Contains(e.configs.Base.DisableLanguages, lang) {
			key = "disablelanguages"
		}
		return []pipeline.Reason{e.atConfig(key, fmt.Sprintf("the language %q is switched off", lang), "remove it from disableLanguages, or its key disabled")}
	}
	return nil
}

// place finds out whether the file is the one that Hugo sees at its logical path.
func (e *Engine) place(r *pipeline.Role, filename string) {
	base := e.sites.BaseFs
	var unions []afero.Fs
	switch r.Component {
	case "content":
		e.placeContent(r, filename)
		return
	case "static":
		for _, s := range base.SourceFilesystems.Static {
			unions = append(unions, s.Fs)
		}
	case "layouts":
		unions = []afero.Fs{base.Layouts.Fs}
	case "assets":
		unions = []afero.Fs{base.Assets.Fs}
	case "archetypes":
		unions = []afero.Fs{base.Archetypes.Fs}
	default:
		return // data and translations of all modules are merged
	}
	var seen []string
	for _, union := range unions {
		seen = append(seen, realName(union, filepath.FromSlash(r.Logical)))
	}
	if slices.Contains(seen, filename) {
		return
	}
	slices.Sort(seen)
	for _, other := range seen {
		if other != "" {
			r.Behind = e.log.relative(other)
			return
		}
	}
	r.Filtered = true
}

func (e *Engine) placeContent(r *pipeline.Role, filename string) {
	if strings.HasPrefix(path.Base(r.Logical), "_content.") && strings.HasSuffix(r.Logical, ".gotmpl") {
		r.Adapter = true
	}
	if e.byFilename[filename] != nil || e.resources[filename] || r.Adapter {
		return
	}
	other := realName(e.sites.BaseFs.Content.Fs, filepath.FromSlash(r.Logical))
	if other != "" && other != filename {
		r.Behind = e.log.relative(other)
		return
	}
	if other == "" {
		r.Filtered = true
	}
}
