package hugo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohugoio/hugo/modules"

	"duskpress/tools/pipeline"
)

// checkSymlinks looks for links in the folders of the project and of its themes.
// Hugo follows one that is such a folder itself, and none that lies in one.
// Editors make some that lead nowhere, to lock a file.
func (e *Engine) checkSymlinks() {
	source, err := filepath.EvalSymlinks(e.opts.Source)
	if err != nil {
		return
	}
	told := make(map[string]bool)
	for _, mod := range e.configs.Modules {
		if mod.Owner() != nil && mod.IsGoMod() {
			continue // others keep it, and it is sent without links
		}
		dir := mod.Dir()
		if mod.Owner() == nil {
			dir = e.opts.Source
		}
		home, err := filepath.EvalSymlinks(dir)
		if err != nil {
			continue
		}
		l := &links{source: source, home: home, dir: dir}
		for _, mount := range mod.Mounts() {
			for _, p := range l.below(rootOf(dir, mount)) {
				if p.File = e.log.relative(p.File); !told[p.File] {
					told[p.File] = true
					e.problems.Add(p)
				}
			}
		}
	}
}

// links looks for symbolic links in one module.
type links struct {
	source string // the site's directory, without links in its name
	home   string // the module's, without links
	dir    string // and as it is named
}

// rootOf is the folder that a module in a directory mounts.
func rootOf(dir string, mount modules.Mount) string {
	if filepath.IsAbs(mount.Source) {
		return filepath.Clean(mount.Source)
	}
	return filepath.Join(dir, mount.Source)
}

// below are the problems with a folder and the links in it, with their names.
func (l *links) below(root string) (list []pipeline.Problem) {
	real, err := filepath.EvalSymlinks(root)
	if info, lerr := os.Lstat(root); lerr != nil {
		return nil // a mount may be missing
	} else if info.Mode()&fs.ModeSymlink != 0 {
		if p, wrong := l.judge(root, root); wrong && p.Severity == pipeline.Error {
			list = append(list, p)
		}
	}
	if err != nil || len(list) > 0 {
		return list
	}
	filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 || strings.ContainsAny(d.Name()[:1], ".#") {
			return nil
		}
		if p, wrong := l.judge(path, filepath.Join(root, strings.TrimPrefix(path, real))); wrong {
			list = append(list, p)
		}
		return nil
	})
	return list
}

// judge says what is wrong with a link, by the name that its author knows.
func (l *links) judge(path, name string) (p pipeline.Problem, wrong bool) {
	p = pipeline.Problem{File: name, Severity: pipeline.Error, Rule: "symlink"}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		p.Message = "this symbolic link ends nowhere"
		p.Hint = "remove it, or mend its target"
		return p, true
	}
	rel, inside := lies(l.source, target)
	if !inside {
		if rel, inside = lies(l.home, target); inside { // of a theme that lies elsewhere
			rel, _ = lies(l.source, filepath.Join(l.dir, rel))
		}
	}
	if !inside {
		p.Message = "this symbolic link leaves the site, so what it shows depends on the machine"
		p.Hint = "copy the file here, or mount its directory in the configuration ([[module.mounts]])"
		return p, true
	}
	p.Severity = pipeline.Warning
	p.Message = fmt.Sprintf("this symbolic link, to %s, is passed over: Hugo follows none", filepath.ToSlash(rel))
	p.Hint = "copy what it leads to, or mount it in the configuration ([[module.mounts]])"
	return p, true
}

// lies is the name of a file below a directory, and whether it lies there.
func lies(dir, name string) (string, bool) {
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return name, false
	}
	return rel, rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
