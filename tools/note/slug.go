// Package note makes the file of a new note: its name from its title, its front
// matter or headings, and its text to start from.
//
// What enters: a title, a date, tags, and what an archetype gave. What leaves:
// bytes, a name, and files that were not there before. It never overwrites a
// file, and knows no site.
package note

import (
	"strings"

	"github.com/gosimple/slug"
)

// languages whose marks are part of a name in prose and would be lost in a path.
var spelt = strings.NewReplacer(
	"C++", " cpp ", "c++", " cpp ", "C#", " csharp ", "c#", " csharp ", "F#", " fsharp ", "f#", " fsharp ",
	".NET", " dotnet ", ".net", " dotnet ", "%", " percent ", "'", "", "’", "", "½", " half ",
)

// longest is how long a slug may be: a line of a terminal has room for the path.
const longest = 80

// Slug is a readable path element of ASCII letters, digits and hyphens for a
// title in any script. Letters are spelt as in the language, ä as ae in German.
// It is empty where the title has nothing to make it of.
func Slug(title, language string) string {
	language, _, _ = strings.Cut(strings.ToLower(language), "-")
	s := slug.MakeLang(spelt.Replace(title), language)
	// An underscore at the beginning has a meaning, and elsewhere looks like a
	// space where links are underlined.
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' }), "-")
	if len(s) <= longest {
		return s
	}
	s = s[:longest+1]
	if i := strings.LastIndexByte(s, '-'); i > longest/2 {
		return s[:i]
	}
	return s[:longest]
}
