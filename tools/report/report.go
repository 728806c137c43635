// Package report shows a build to its user: problems as text, JSON or workflow
// annotations, a line of progress, and the summary.
//
// What enters: problems, figures, and the writers to show them on. What leaves:
// lines. It decides nothing about a build; in particular it never changes an
// exit code.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/text/width"
	"unicode"

	"duskpress/tools/pipeline"
)

// A Format is how problems are written.
type Format string

const (
	Text   Format = "text"
	JSON   Format = "json"
	GitHub Format = "github"
)

// Formats lists the formats.
var Formats = []Format{Text, JSON, GitHub}

// A Printer writes problems.
type Printer struct {
	Out    io.Writer
	Format Format
	Source string // the directory that problems' files are relative to
	Color  bool
}

// Problems writes a list of problems.
func (p Printer) Problems(list []pipeline.Problem) error {
	lines := make(map[string][]string) // the lines of files that were shown
	var b strings.Builder
	for _, pr := range list {
		switch p.Format {
		case JSON:
			line, err := json.Marshal(pr)
			if err != nil {
				return err
			}
			b.Write(append(line, '\n'))
		case GitHub:
			p.annotation(&b, pr)
		default:
			p.text(&b, pr, lines)
		}
	}
	_, err := io.WriteString(p.Out, b.String())
	return err
}

func (p Printer) text(b *strings.Builder, pr pipeline.Problem, files map[string][]string) {
	paint := func(s string, attrs ...color.Attribute) string {
		if !p.Color {
			return s
		}
		c := color.New(attrs...)
		c.EnableColor()
		return c.Sprint(s)
	}
	severity := paint(pr.Severity.String(), color.FgYellow, color.Bold)
	if pr.Severity == pipeline.Error {
		severity = paint(pr.Severity.String(), color.FgRed, color.Bold)
	}
	fmt.Fprintf(b, "%s: %s: %s [%s]\n", paint(pr.Position(), color.Bold), severity, pr.Message, pr.Rule)
	if line, ok := p.line(pr, files); ok {
		fmt.Fprintf(b, "    %s\n", line)
		if pr.Column > 0 {
			fmt.Fprintf(b, "    %s%s\n", Indent(line, pr.Column), paint("^", color.FgGreen, color.Bold))
		}
	}
	if pr.Hint != "" {
		fmt.Fprintf(b, "  hint: %s\n", pr.Hint)
	}
}

// line returns the source line of a problem.
func (p Printer) line(pr pipeline.Problem, files map[string][]string) (string, bool) {
	if pr.File == "" || pr.Line == 0 {
		return "", false
	}
	lines, ok := files[pr.File]
	if !ok {
		name := filepath.FromSlash(pr.File)
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Source, name)
		}
		if data, err := os.ReadFile(name); err == nil {
			lines = strings.Split(string(data), "\n")
		}
		files[pr.File] = lines
	}
	if pr.Line > len(lines) {
		return "", false
	}
	line := strings.ToValidUTF8(strings.TrimRight(lines[pr.Line-1], "\r"), "\ufffd")
	if strings.TrimSpace(line) == "" || len(line) > 500 {
		return "", false
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return '\ufffd'
		}
		return r
	}, line), true
}

// Indent is white space as wide as what stands in line before a column, so
// that a caret after it stands below that column: a tab for a tab, two spaces
// for a wide character, none for a mark that takes no place of its own.
func Indent(line string, column int) string {
	var b strings.Builder
	n := 1
	for _, r := range line {
		if n >= column {
			break
		}
		n++
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) || unicode.Is(unicode.Cf, r):
		case wide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func wide(r rune) bool {
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth || r >= 0x1F300 && r <= 0x1FAFF
}

// annotation writes a workflow command, as documented at
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func (p Printer) annotation(b *strings.Builder, pr pipeline.Problem) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var props []string
	if pr.File != "" {
		props = append(props, "file="+property.Replace(pr.File))
		if pr.Line > 0 {
			props = append(props, fmt.Sprintf("line=%d", pr.Line))
		}
		if pr.Column > 0 {
			props = append(props, fmt.Sprintf("col=%d", pr.Column))
		}
	}
	props = append(props, "title="+property.Replace(pr.Rule))
	message := pr.Message
	if pr.Hint != "" {
		message += "\nhint: " + pr.Hint
	}
	fmt.Fprintf(b, "::%s %s::%s\n", pr.Severity, strings.Join(props, ","), data.Replace(message))
}
