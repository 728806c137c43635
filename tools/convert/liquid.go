package convert

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// A mark of Liquid: a tag, or an output.
var (
	liquidMark = regexp.MustCompile(`(?s)\{%-?\s*(\w+)(.*?)-?%\}|\{\{-?(.*?)-?\}\}`)
	endRaw     = regexp.MustCompile(`\{%-?\s*endraw\s*-?%\}`)
	endComment = regexp.MustCompile(`\{%-?\s*endcomment\s*-?%\}`)
	endLight   = regexp.MustCompile(`\{%-?\s*endhighlight\s*-?%\}`)
	shortcode  = regexp.MustCompile(`(?s)\{\{([<%])(.*?)([>%])\}\}`)
	literal    = regexp.MustCompile(`^["']([^"']*)["']\s*(\|.*)?$`)
	address    = regexp.MustCompile(`^\|\s*(relative_url|absolute_url|prepend:\s*site\.(baseurl|url)|xml_escape|escape|uri_escape)\s*`)
	siteRoot   = regexp.MustCompile(`^site\.(baseurl|url|github\.url)\s*(\|\s*(default|escape).*)?$`)
	marked     = regexp.MustCompile(`(?:mark_lines|hl_lines)\s*=\s*["']([^"']*)["']`)
)

// liquid turns the marks of Liquid in a post into Markdown. What has no
// counterpart stays as it is and, if told to, is reported.
func (w *work) liquid(s *source, report bool) []byte {
	l := &liquid{work: w, source: s, report: report}
	l.convert(s.text, 0)
	return l.out.Bytes()
}

type liquid struct {
	*work
	*source
	report bool
	out    bytes.Buffer
}

func (l *liquid) say(offset int, message, hint string) {
	if l.report {
		l.problem(l.file, l.line+bytes.Count(l.text[:min(offset, len(l.text))], []byte("\n")), message, hint)
	}
}

// convert writes text, which begins at an offset of the source's.
func (l *liquid) convert(text []byte, offset int) {
	for at := 0; ; {
		m := liquidMark.FindSubmatchIndex(text[at:])
		if m == nil {
			l.out.Write(text[at:])
			return
		}
		l.out.Write(text[at : at+m[0]])
		begin, end := at+m[0], at+m[1]
		mark := text[begin:end]
		if m[2] < 0 {
			l.output(string(mark), strings.TrimSpace(string(text[at+m[6]:at+m[7]])), offset+begin)
			at = end
			continue
		}
		name, args := string(text[at+m[2]:at+m[3]]), strings.TrimSpace(string(text[at+m[4]:at+m[5]]))
		// until finds the end of a block, and its inside.
		until := func(re *regexp.Regexp) []byte {
			if e := re.FindIndex(text[end:]); e != nil {
				inner := text[end : end+e[0]]
				end += e[1]
				return inner
			}
			l.say(offset+begin, fmt.Sprintf("nothing closes %s", mark), "")
			return nil
		}
		switch name {
		case "raw":
			l.out.Write(escapeShortcodes(until(endRaw)))
		case "comment":
			until(endComment)
			l.say(offset+begin, "a comment of Liquid is left out", "")
		case "highlight":
			start := end
			if inner := until(endLight); inner != nil {
				l.highlight(args, inner, offset+start, text[end:])
			} else {
				l.out.Write(mark)
			}
		case "post_url":
			l.post(string(mark), args, offset+begin)
		case "link":
			l.link(string(mark), args, offset+begin)
		default:
			l.say(offset+begin, fmt.Sprintf("%s has no counterpart, and stays as it is", mark), "write it in Markdown, or as a shortcode")
			l.out.Write(mark)
		}
		at = end
	}
}

// escapeShortcodes keeps Hugo from taking a text for the call of a shortcode.
func escapeShortcodes(b []byte) []byte {
	return shortcode.ReplaceAll(b, []byte("{{$1/*$2*/$3}}"))
}

// output is a value that Liquid would put in its place.
func (l *liquid) output(mark, expr string, offset int) {
	if shortcode.MatchString(mark) {
		l.out.Write(escapeShortcodes([]byte(mark)))
		return
	}
	if siteRoot.MatchString(expr) {
		return // addresses are the site's own without it
	}
	if expr == "page.title" {
		if title, ok := l.fields.get("title").(string); ok {
			l.out.WriteString(title)
			return
		}
	}
	if m := literal.FindStringSubmatch(expr); m != nil {
		filters := m[2]
		for filters != "" {
			rest := address.ReplaceAllString(filters, "")
			if rest == filters {
				break
			}
			filters = rest
		}
		if filters == "" {
			l.out.WriteString(m[1])
			return
		}
	}
	l.say(offset, fmt.Sprintf("%s has no counterpart, and stays as it is", mark), "write what it should say; in code, nothing has to be done")
	l.out.WriteString(mark)
}

// highlight becomes a fence, as long as it must be, where the block stands.
func (l *liquid) highlight(args string, inner []byte, offset int, after []byte) {
	language, options, _ := strings.Cut(args, " ")
	var opts []string
	if strings.Contains(options, "linenos") {
		opts = append(opts, "linenos=true")
	}
	if m := marked.FindStringSubmatch(options); m != nil {
		var lines []string
		for _, f := range strings.Fields(m[1]) {
			lines = append(lines, `"`+f+`"`)
		}
		opts = append(opts, "hl_lines=["+strings.Join(lines, ", ")+"]")
	}
	written := l.out.Bytes()
	indent := written[bytes.LastIndexByte(written, '\n')+1:]
	if len(bytes.TrimSpace(indent)) > 0 { // text stands before it on its line
		l.out.WriteString("\n\n")
		indent = nil
	}
	lead := string(indent)
	code := &liquid{work: l.work, source: l.source, report: l.report}
	code.convert(inner, offset)
	text := strings.TrimRight(strings.TrimLeft(code.out.String(), "\r\n"), " \t\r\n")
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	l.out.WriteString(fence + language)
	if len(opts) > 0 {
		l.out.WriteString(" {" + strings.Join(opts, " ") + "}")
	}
	l.out.WriteString("\n" + text + "\n" + lead + fence)
	if line, _, _ := bytes.Cut(after, []byte("\n")); len(bytes.TrimSpace(line)) > 0 {
		l.out.WriteString("\n\n")
	}
}

// post is the address of another post, by its file's name.
func (l *liquid) post(mark, name string, offset int) {
	name = strings.Trim(name, `"'`)
	for _, s := range l.sources {
		base := strings.TrimSuffix(filepath.Base(s.file), filepath.Ext(s.file))
		if base == name || base == name[strings.LastIndexByte(name, '/')+1:] {
			l.out.WriteString("/" + s.target)
			return
		}
	}
	l.say(offset, fmt.Sprintf("no post that is imported has the name %q", name), "import the whole site, or write the link")
	l.out.WriteString(mark)
}

// link is the address of a file of the site.
func (l *liquid) link(mark, name string, offset int) {
	file := filepath.Join(l.root, filepath.FromSlash(strings.Trim(name, `"'`)))
	for _, s := range l.sources {
		if s.file == file {
			l.out.WriteString("/" + s.target)
			return
		}
	}
	if exists(file) && filepath.Ext(file) != ".md" {
		l.out.WriteString("/" + strings.TrimLeft(strings.Trim(name, `"'`), "/"))
		return
	}
	l.say(offset, fmt.Sprintf("%q is not imported", name), "write the link")
	l.out.WriteString(mark)
}
