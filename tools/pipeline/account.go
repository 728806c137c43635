package pipeline

// An Account is what an engine can tell, after a build or a part of one, of how
// it came to the site. Everything in it is sorted.
type Account struct {
	// Pages are the pages that the engine made, whether they are published or
	// not; none where the build ended before they were put together.
	Pages []*Page
	// Outputs are the files of pages by path, whether they were written or not.
	Outputs map[string]*Output
	// Bases are the addresses at which the site stands, that of the default
	// language first.
	Bases []Base
	// Copied has the source of each published path that is a file of a bundle
	// or of static/, relative to the source directory.
	Copied map[string]string
}

// A Base is the address of the site's root for one language.
type Base struct {
	Language string
	Address  string // ends in a slash
	// Folder holds the language's files where each language has a host of its
	// own, and is empty otherwise.
	Folder string
}

// A Page of the engine.
type Page struct {
	Kind, Title, Language string
	// Path is the page's name in the content tree, such as /posts/a.
	Path string
	// Content is the file that it was made from, nil where there is none.
	Content *Content
	Outputs []*Output
	// Terms are the pages of its tags and of other taxonomies.
	Terms []*Page
	// Translations are the same page in other languages.
	Translations []*Page
	// Render and List are what build options say: always, never, link; always,
	// never, local.
	Render, List string
}

// An Output is one file of a page.
type Output struct {
	*Page
	Path      string
	Format    string
	MediaType string
	// Alias leads to the page, and has no text of its own.
	Alias bool
	// Template renders it, nil where there is none; Base is what that is laid over.
	Template, Base *Template
	// Used are the other templates that it was made with: partials, shortcodes,
	// render hooks. They are known where the engine was told to keep them.
	Used []*Template
	// Read are the files of assets/ and of bundles that it was made with,
	// likewise.
	Read []string
}

// A Template is one file of layouts/, or one that the engine brings along.
type Template struct {
	// File is relative to the source directory, empty for the engine's own.
	File string
	Name string
}

// A Role is what a file of the site's directories is to the engine.
type Role struct {
	// Component is the engine's folder that the file is mounted in: content,
	// static, assets, layouts, i18n, data, archetypes; "configuration" where it is
	// one of those files, Filtered if it is for other environments; empty where
	// it is nothing to the engine.
	Component string
	// Logical is its path in there.
	Logical string
	// Module is the theme or module that it belongs to; empty for the site's own.
	Module string
	// Behind is the file that has its place.
	Behind string
	// Filtered files lie in a mounted directory and are not taken from there.
	Filtered bool
	// Why says more of that, where it is known.
	Why []Reason
	// Adapter files make pages: _content.gotmpl.
	Adapter bool
}

// A Reason says why something is not published, or has no effect, where that
// stands and how it is changed.
type Reason struct {
	Text   string `json:"text"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"col,omitempty"`
	Hint   string `json:"hint,omitempty"`
}
