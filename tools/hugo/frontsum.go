package hugo

import (
	"os"

	"github.com/gohugoio/hugo/parser/pageparser"
)

// FrontMatterSum is the same for content files with the same front matter. It tells
// early, before anything is loaded, that more than a body changed; visible finds
// whatever else did.
func FrontMatterSum(filename string) (string, error) {
	src, err := os.ReadFile(filename)
	if err != nil {
		return "", err
	}
	items, err := pageparser.ParseBytes(src, pageparser.Config{})
	if err != nil {
		return "", err
	}
	return frontMatterSum(src, items), nil
}

func frontMatterSum(src []byte, items pageparser.Items) string {
	for _, item := range items {
		if item.IsFrontMatter() {
			return digest(string(item.Val(src)))
		}
	}
	return "none"
}
