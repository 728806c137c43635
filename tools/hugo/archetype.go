package hugo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/hugofs/hglob"
	"github.com/gohugoio/hugo/hugolib"
	"github.com/gohugoio/hugo/langs"
)

// A NewFile is one file of a new page: its path below the page's directory, ""
// for a page that is one file, and its bytes.
type NewFile struct {
	Path string
	Data []byte
}

// placeholder stands for the new page while its archetype is executed.
const placeholder = "---\ntitle: new\nbuild:\n  render: never\n  list: never\n  publishResources: false\n---\n"

// Today is the site's date and time in its own time zone.
func (e *Engine) Today() time.Time {
	if lang := e.configs.Languages[0]; langs.GetLocation(lang) != nil {
		return e.settings.Now.In(langs.GetLocation(lang))
	}
	return e.settings.Now
}

// Archetype executes the archetype of a kind, from the site or its theme, as
// Hugo does for a new content file at a path such as posts/first.md, or for a
// bundle at posts/first/index.md. It writes nothing to the disk. No files means
// that there is no archetype. It is to be called once, and no build after it.
func (e *Engine) Archetype(ctx context.Context, kind, logical string) ([]NewFile, error) {
	bundle := strings.HasPrefix(path.Base(logical), "index.")
	ext := path.Ext(logical)
	fsys := e.sites.BaseFs.Archetypes.Fs
	find := func(names ...string) hugofs.FileMetaInfo {
		for _, name := range names {
			if info, err := fsys.Stat(name); err == nil {
				if fi, ok := info.(hugofs.FileMetaInfo); ok && fi.IsDir() == (path.Ext(name) == "") {
					return fi
				}
			}
		}
		return nil
	}
	var found hugofs.FileMetaInfo
	if bundle {
		found = find(kind, "default")
	}
	if found == nil {
		found = find(kind+ext, "default"+ext)
	}
	if found == nil {
		return nil, nil
	}
	dir := path.Dir(logical)
	sources := map[string]hugofs.FileMetaInfo{path.Base(logical): found}
	if found.IsDir() {
		var err error
		if sources, err = e.archetypeDir(ctx, found); err != nil {
			return nil, err
		}
	}
	return e.execute(kind, dir, sources)
}

// archetypeDir lists the files of an archetype that is a directory.
func (e *Engine) archetypeDir(ctx context.Context, dir hugofs.FileMetaInfo) (map[string]hugofs.FileMetaInfo, error) {
	root := filepath.FromSlash(dir.Meta().PathInfo.Path())
	files := make(map[string]hugofs.FileMetaInfo)
	err := hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.Archetypes.Fs, Root: root, Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(), Ctx: ctx,
		WalkFn: func(_ context.Context, name string, info hugofs.FileMetaInfo) error {
			if !info.IsDir() {
				files[strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, root)), "/")] = info
			}
			return nil
		},
	}).Walk()
	if err != nil {
		return nil, fmt.Errorf("reading the archetype %s: %w", dir.Meta().Filename, err)
	}
	return files, nil
}

// execute gives each archetype a page to speak of, which lies on no disk.
func (e *Engine) execute(kind, dir string, sources map[string]hugofs.FileMetaInfo) ([]NewFile, error) {
	roots := e.contentRoots(e.settings.Languages[0].Code)
	if len(roots) == 0 {
		return nil, errors.New("the site has no directory of content")
	}
	var names []string
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	virtual := make(map[string][]byte)
	templates := make(map[string]string)
	site := false
	var files []NewFile
	for _, name := range names {
		data, err := sources[name].Meta().ReadAll()
		if err != nil {
			return nil, fmt.Errorf("reading the archetype %s: %w", sources[name].Meta().Filename, err)
		}
		if !e.sites.Conf.ContentTypes().IsContentFile(name) {
			files = append(files, NewFile{name, data})
			continue
		}
		abs := filepath.Join(roots[0], filepath.FromSlash(dir), filepath.FromSlash(name))
		virtual[abs], templates[name] = []byte(placeholder), abs
		site = site || bytes.Contains(data, []byte(".Site")) || bytes.Contains(data, []byte("site."))
	}
	e.source.setContent(nil, virtual)
	config := hugolib.BuildCfg{NoBuildLock: true, SkipRender: true}
	if !site {
		// The template asks nothing of other pages, so none is read.
		config.ContentInclusionFilter = hglob.NewFilenameFilterForInclusionFunc(func(name string) bool {
			for abs := range virtual {
				if strings.HasSuffix(abs, filepath.FromSlash(name)) {
					return true
				}
			}
			return false
		})
	}
	if err := e.sites.Build(config); err != nil {
		return nil, err
	}
	factory := hugolib.NewContentFactory(e.sites)
	for _, name := range names {
		abs, ok := templates[name]
		if !ok {
			continue
		}
		page := e.sites.GetContentPage(abs)
		if page == nil {
			return nil, fmt.Errorf("hugo makes no page of %s", abs)
		}
		var b bytes.Buffer
		if err := factory.ApplyArchetypeFi(&b, page, kind, sources[name]); err != nil {
			return nil, fmt.Errorf("the archetype %s: %w", e.log.relative(sources[name].Meta().Filename), err)
		}
		files = append(files, NewFile{name, b.Bytes()})
	}
	slices.SortFunc(files, func(a, b NewFile) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// ContentDir is the directory in which new content of the site's first language
// is put.
func (e *Engine) ContentDir() string {
	if roots := e.contentRoots(e.settings.Languages[0].Code); len(roots) > 0 {
		return roots[0]
	}
	return filepath.Join(e.opts.Source, "content")
}
