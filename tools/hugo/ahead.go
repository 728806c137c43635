package hugo

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
)

// Hugo renders a list in one worker, and with it the summary of every page that
// the list shows, while other processors wait. Highlighting is most of that, and
// pure: so it is begun ahead, on all processors, for the blocks that are plainly
// seen in content files. What is made goes to the cache, where Hugo's question
// for the same block finds it. A block that is read otherwise here than by the
// Markdown engine costs its time and changes nothing.

// highlightAhead begins; what it returns waits for the end, after stop.
func (e *Engine) highlightAhead(ctx context.Context, job pipeline.RenderJob) (stop func()) {
	if job.Ahead == nil || job.Collection == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	optionsOf := make(map[string]pipeline.CodeOptions)
	for _, s := range e.sites.Sites {
		if c, ok := s.Deps.ContentSpec.Converters.(*converters); ok {
			optionsOf[s.Language().Lang] = codeOptions(c.highlighter.config)
		}
	}
	var all errgroup.Group
	all.Go(func() error {
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for _, c := range job.Collection.Contents {
			options, ok := optionsOf[c.Language]
			if !ok || c.LeftOut != "" || c.BodyLine == 0 || len(c.Shortcodes) > 0 || !strings.HasSuffix(c.Filename, ".md") {
				continue
			}
			if ctx.Err() != nil {
				break
			}
			g.Go(func() error {
				src, err := os.ReadFile(c.Filename)
				if err != nil {
					return nil // whoever needs it says so
				}
				for _, block := range plainFences(src, c.BodyLine) {
					if ctx.Err() != nil {
						return nil
					}
					if !job.Collection.HasCodeHook(block.Language) {
						block.Options = options
						block.Options.LineAnchors = lineAnchors(options, block.ordinal)
						job.Ahead(block.Code)
					}
				}
				return nil
			})
		}
		return g.Wait()
	})
	return func() { cancel(); _ = all.Wait() }
}

// A fence is a block of code in a content file.
type fence struct {
	pipeline.Code
	ordinal int
}

// plainFences lists the blocks of a body up to the first that is not plain: one
// that is set in, has attributes, or ends in blank lines.
func plainFences(src []byte, bodyLine int) (list []fence) {
	lines := bytes.SplitAfter(src, []byte("\n"))
	for i := max(bodyLine, 1) - 1; i < len(lines); i++ {
		line := lines[i]
		at := bytes.Index(line, []byte("```"))
		if at < 0 && !bytes.Contains(line, []byte("~~~")) {
			continue
		}
		info, ok := bytes.CutPrefix(line, []byte("```"))
		lang := strings.TrimSpace(string(info))
		if !ok || strings.ContainsAny(lang, "`{} \t") || bytes.ContainsRune(line, '\r') {
			return list
		}
		var code strings.Builder
		closed := false
		for i++; i < len(lines); i++ {
			if rest, ok := bytes.CutPrefix(lines[i], []byte("```")); ok && len(bytes.TrimSpace(rest)) == 0 {
				closed = true
				break
			}
			code.Write(lines[i])
		}
		text := code.String()
		if !closed || text == "" || strings.TrimSpace(text[strings.LastIndexByte(text[:len(text)-1], '\n')+1:]) == "" {
			return list
		}
		list = append(list, fence{pipeline.Code{Text: text, Language: lang}, len(list)})
	}
	return list
}
