package hugo

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/afero"

	"duskpress/tools/pipeline"
)

// Role says what a file, by its absolute name, is to Hugo.
func (e *Engine) Role(filename string) pipeline.Role {
	if slices.Contains(e.configFiles(), filename) {
		return pipeline.Role{Component: "configuration"}
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
