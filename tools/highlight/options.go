package highlight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
)

func (o Options) formatOptions() ([]chromahtml.Option, error) {
	numbers, inTable, err := o.lineNumbers()
	if err != nil {
		return nil, err
	}
	anchors := o.LineAnchors
	if anchors != "" {
		anchors += "-"
	}
	return []chromahtml.Option{
		chromahtml.WithClasses(!o.NoClasses),
		chromahtml.TabWidth(o.TabWidth),
		chromahtml.InlineCode(o.HlInline),
		chromahtml.BaseLineNumber(o.LineNoStart),
		chromahtml.WithLineNumbers(numbers),
		chromahtml.LineNumbersInTable(inTable),
		chromahtml.WithLinkableLineNumbers(o.AnchorLineNos, anchors),
		chromahtml.HighlightLines(o.highlighted()),
	}, nil
}

func (o Options) lineNumbers() (shown, inTable bool, err error) {
	switch o.LineNos {
	case nil, false:
		return false, o.LineNumbersInTable, nil
	case true:
		return true, o.LineNumbersInTable, nil
	case "inline":
		return true, false, nil
	case "table":
		return true, true, nil
	}
	return false, false, fmt.Errorf(`line numbers are true, false, "inline" or "table", not %v (%[1]T)`, o.LineNos)
}

// highlighted returns the ranges in shown line numbers. It is a copy: chroma
// sorts it in place.
func (o Options) highlighted() [][2]int {
	if o.HlLinesParsed != nil {
		return slices.Clone(o.HlLinesParsed)
	}
	var ranges [][2]int
	for field := range strings.SplitSeq(o.HlLines, " ") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		// What follows a second hyphen is ignored, as in Hugo.
		bounds := strings.Split(field, "-")
		first, err := strconv.Atoi(bounds[0])
		if err != nil {
			return nil
		}
		last := first
		if len(bounds) > 1 {
			if last, err = strconv.Atoi(bounds[1]); err != nil {
				return nil
			}
		}
		ranges = append(ranges, [2]int{first + o.LineNoStart - 1, last + o.LineNoStart - 1})
	}
	return ranges
}

func isClass(name string) bool { return strings.ToLower(name) == "class" }
