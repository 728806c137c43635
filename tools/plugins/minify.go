package plugins

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"duskpress/tools/minify"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "minify",
		Summary: "minifies rendered HTML, JSON, XML, SVG, CSS and JavaScript with tdewolff/minify and Hugo's [minify] settings",
		Alone:   true,
		Compat:  true,
		Rules: map[string]string{
			"minify-text": "a page whose text the minifier would have changed",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil || !s.Minify {
				return pipeline.Hooks{}, err
			}
			cfg, ok := s.Section("minify").(minify.Config)
			if !ok {
				cfg = minify.Default()
			}
			m := minifier{minify.New(cfg).Minify}
			return pipeline.Hooks{File: m.file, Cached: func(*pipeline.File) bool { return true }}, nil
		},
	})
}

type minifier struct {
	run func(mediaType string, src []byte) ([]byte, bool, error)
}

// stoppedAt is the text in which a minifier stopped: one template may have it word
// for word.
func stoppedAt(err error) []string {
	var at *minify.Error
	if !errors.As(err, &at) {
		return nil
	}
	if text := strings.TrimSpace(at.Text); len(text) >= 6 {
		return []string{text}
	}
	return nil
}

// file minifies what templates made. A fingerprinted file, whose name promises
// its bytes, and a file that an author put into a bundle stay as they are.
func (m minifier) file(_ context.Context, f *pipeline.File, problems *pipeline.Problems) error {
	if f.Fingerprinted || f.Kind == pipeline.Bundled {
		return nil
	}
	out, known, err := m.run(f.MediaType, f.Data)
	if err != nil {
		if kindOf(f) == jsonFormat {
			return nil // it is no JSON, which the plugin formats says
		}
		// One template may do that to all pages: the plugin faults says it once.
		f.Faults = append(f.Faults, pipeline.Fault{
			Rule: "minify", Severity: pipeline.Warning, Cause: positions.ReplaceAllString(err.Error(), ""),
			Message: fmt.Sprintf("it is published as it is, since the minifier cannot read it: %v", err),
			Hint:    "mend what makes it, or switch this type off in [minify]",
			Needles: stoppedAt(err),
		})
		return nil
	}
	if !known {
		return nil
	}
	if f.MediaType == "text/html" {
		if same, before, after := minify.SameText(f.Data, out); !same {
			problems.Add(textProblem(f, before, after))
			return nil
		}
	}
	f.Data = out
	return nil
}

var positions = regexp.MustCompile(`\d+`)

// textProblem says that a page is published as it is, since minified it would
// not read the same.
func textProblem(f *pipeline.File, before, after string) pipeline.Problem {
	p := pipeline.Problem{
		Severity: pipeline.Warning, Rule: "minify-text",
		Message: fmt.Sprintf("%s is published as it is, since minifying makes %q of its text %q", f.Path, after, before),
		Hint:    "this is a fault of the minifier: please report it, with the page",
	}
	if f.Content != nil {
		p.File = f.Content.Path
	}
	return p
}
