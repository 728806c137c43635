// Package feeds tests what a site says to machines: RSS and JSON feeds, sitemap,
// robots.txt, llms.txt, Markdown twins, and the metadata in the head of a page.
//
// Each is parsed, strictly, and judged by a check that gets the files of a site
// and returns what is wrong with them. The checks see sites that the compiled
// tool built, and then the same sites with faults planted in them.
package feeds
