package hugo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"duskpress/tools/pipeline"
)

// What an author wrote as a page and Hugo takes for something else.

// checkPassedOver reports content files that became resources because an
// index.md lies beside them, and files that have front matter and are no content
// by their name.
func (e *Engine) checkPassedOver(c *pipeline.Collection) {
	inside := make(map[string][]*pipeline.Content) // by the directory of the bundle
	bundles := make(map[string]*pipeline.Content)
	for _, content := range c.Contents {
		dir := path.Dir(content.Logical)
		if strings.HasPrefix(content.Base(), "index.") {
			bundles[dir] = content
		} else if e.leafDirs[dir] && content.FrontMatter["title"] != nil && !strings.HasPrefix(content.Base(), "_index.") { // that is one page of two files
			inside[dir] = append(inside[dir], content)
		}
	}
	// A theme may show the pages of a bundle on purpose.
	if !c.InTemplates("ByType") && !showsPages(c) {
		for dir, hidden := range inside {
			index := bundles[dir]
			if index == nil || index.FrontMatter["headless"] == true {
				continue
			}
			names := hidden[0].Base()
			if n := len(hidden) - 1; n > 0 {
				names = fmt.Sprintf("%s and %d more", names, n)
			}
			e.problems.Add(index.Problem(pipeline.Place{Line: 1, Column: 1}, pipeline.Warning, "hidden-page",
				fmt.Sprintf("this index file makes its directory one page: %s beside it will not be pages", names),
				"rename it to _index"+filepath.Ext(index.Filename)+", or move the others to a directory of their own"))
		}
	}
	for name := range e.resources {
		if !strings.HasPrefix(name, e.opts.Source) || !looksLikeContent(name) {
			continue
		}
		e.problems.Add(pipeline.Problem{File: e.log.relative(name), Line: 1, Column: 1, Severity: pipeline.Warning, Rule: "not-content",
			Message: "this file begins like a page, and its name is not that of a content file: it is no page",
			Hint:    "the name of a page ends in .md"})
	}
}

// showsPages reports whether a template picks the pages among the files of a
// bundle; most that ask for the type want pictures.
func showsPages(c *pipeline.Collection) bool {
	if !c.InTemplates("ResourceType") || c.Template == nil {
		return false
	}
	for _, needle := range []string{`ResourceType "page"`, `"ResourceType" "page"`} {
		if _, ok := c.Template(needle); ok {
			return true
		}
	}
	return false
}

// looksLikeContent reports whether a text file that is no content begins with
// front matter.
func looksLikeContent(name string) bool {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".md", ".yaml", ".yml", ".toml", ".json", ".html", ".htm", ".tmpl", ".gotmpl", ".svg", ".xml", ".csv", ".js", ".ts", ".css", ".scss", ".patch", ".diff":
		return ext == ".md" && filepath.Ext(name) != ".md" // .MD on a system where that matters
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	head = bytes.TrimPrefix(head[:n], []byte("\ufeff"))
	for _, mark := range []string{"---", "+++"} {
		rest, ok := bytes.CutPrefix(head, []byte(mark))
		if !ok || len(rest) == 0 || rest[0] != '\n' && rest[0] != '\r' {
			continue
		}
		end := bytes.Index(rest, []byte("\n"+mark))
		if end > 0 && bytes.Contains(rest[:end], []byte("title")) {
			return true
		}
	}
	return false
}

// checkShallow reports a clone without its history where pages take their dates
// from it: all would have the day of the clone.
func (e *Engine) checkShallow() {
	if !e.configs.Base.EnableGitInfo {
		return
	}
	for dir := e.opts.Source; ; dir = filepath.Dir(dir) {
		git := filepath.Join(dir, ".git")
		if data, err := os.ReadFile(git); err == nil { // a worktree or submodule
			if to, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: "); ok {
				if git = to; !filepath.IsAbs(git) {
					git = filepath.Join(dir, git)
				}
				if common, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
					git = filepath.Join(git, strings.TrimSpace(string(common)))
				}
			}
		}
		if _, err := os.Stat(git); err == nil {
			if _, err := os.Stat(filepath.Join(git, "shallow")); err == nil {
				p := pipeline.Problem{Severity: pipeline.Warning, Rule: "shallow-clone",
					Message: "pages take their dates from git, and this clone has not the whole history: they may all get one date",
					Hint:    "git fetch --unshallow"}
				p.File, p.Line, p.Column = e.locateConfig("enablegitinfo")
				e.problems.Add(p)
			}
			return
		}
		if dir == filepath.Dir(dir) {
			return
		}
	}
}
