// Package formats says what is wrong with a file that is no HTML: RSS, Atom and
// JSON feeds, sitemaps, JSON and XML of any other kind.
//
// What enters: the bytes of one file. What leaves: a list of what readers of
// that format refuse, and where it stands. It fetches nothing, follows no
// address, and asks only for what the formats themselves demand.
package formats

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Fault is one thing that is wrong.
type Fault struct {
	Rule string // feed, sitemap, json or xml
	// Fatal faults make a file unreadable; others make readers guess.
	Fatal bool
	// Cause is the same for all files that one template makes with this fault.
	Cause, Message, Hint string
	// Address and Title are those of the item of a feed that lacks something its
	// page lacks too; both are empty where it is the template's fault.
	Address, Title string
}

// XML looks at a file in XML. Each kind of fault is reported once a file.
func XML(data []byte) []Fault {
	c := &checker{seen: make(map[string]bool)}
	c.xml(data)
	return c.faults
}

// A checker collects faults.
type checker struct {
	rule   string
	faults []Fault
	seen   map[string]bool
	item   int // how many faults there were before the item that is read
}

// close ends an item of a feed: it may have named itself after what is wrong.
func (c *checker) close(number, which, address, title string) {
	for i := c.item; i < len(c.faults); i++ {
		x := &c.faults[i]
		x.Message = which + strings.TrimPrefix(strings.TrimPrefix(x.Message, which), number)
		if strings.HasSuffix(x.Cause, " zero") || x.Cause == "item title" || x.Cause == "item guid" {
			x.Address, x.Title = address, title
		}
	}
	c.item = len(c.faults)
}

func (c *checker) add(fatal bool, cause, hint, format string, args ...any) {
	if !c.seen[cause] {
		c.seen[cause] = true
		c.faults = append(c.faults, Fault{Rule: c.rule, Fatal: fatal, Cause: cause, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// A listener gets the elements of a document.
type listener interface {
	start(path []string, e xml.StartElement)
	end(path []string, text string)
	finish()
}

func (c *checker) xml(data []byte) {
	c.rule = "xml"
	if len(bytes.TrimSpace(data)) == 0 {
		c.add(true, "empty", "", "the file is empty")
		return
	}
	if i := bytes.Index(data, []byte("<?xml")); i > 0 && !bytes.HasPrefix(data, []byte("\ufeff<?xml")) && len(bytes.TrimSpace(data[:i])) == 0 {
		c.add(true, "late", `trim what stands before it: {{- printf "<?xml …" | safeHTML }}`, "white space stands before <?xml, which readers of XML refuse")
		data = data[i:]
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("it says that it is %s, and Hugo writes UTF-8", charset)
	}
	var path []string
	var texts []*strings.Builder
	var l listener
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, _ := d.InputPos()
			message := err.Error()
			if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
				message = syntax.Msg
			}
			message = strings.TrimPrefix(message, "xml: ")
			hint := "let the template escape its values: transform.XMLEscape, and safeHTML only for what is escaped"
			if strings.Contains(message, "entity") {
				hint = "XML knows &amp; &lt; &gt; &quot; and &apos; alone: write the character, or escape the ampersand"
			}
			offset := min(int(d.InputOffset()), len(data))
			c.add(true, "syntax", hint, "no reader of XML can read it: line %d: %s, after %q", line, message, tail(data[:offset]))
			return
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				l = c.listen(token, len(data))
			}
			path = append(path, token.Name.Local)
			texts = append(texts, new(strings.Builder))
			if l != nil {
				l.start(path, token)
			}
		case xml.EndElement:
			if l != nil {
				l.end(path, strings.TrimSpace(texts[len(texts)-1].String()))
			}
			path, texts = path[:len(path)-1], texts[:len(texts)-1]
		case xml.CharData:
			if n := len(texts); n > 0 && texts[n-1].Len() < 200 {
				texts[n-1].Write(token[:min(len(token), 200)])
			}
		}
	}
	if l != nil {
		l.finish()
	}
}

// tail is the end of what was read.
func tail(data []byte) string {
	s := string(data[max(0, len(data)-25):])
	return strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "")
}

// listen knows a document by its first element.
func (c *checker) listen(e xml.StartElement, size int) listener {
	switch e.Name.Local {
	case "rss":
		c.rule = "feed"
		return &rss{checker: c, guids: make(map[string]bool)}
	case "feed":
		if e.Name.Space == atomSpace {
			c.rule = "feed"
			return &atom{checker: c, ids: make(map[string]bool)}
		}
	case "urlset", "sitemapindex":
		c.rule = "sitemap"
		return &sitemap{checker: c, size: size}
	}
	return nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func at(path []string, names ...string) bool {
	if len(path) != len(names) {
		return false
	}
	for i, name := range names {
		if path[i] != name {
			return false
		}
	}
	return true
}
