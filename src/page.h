/* page.h: pages for people, in the style of the console and under its policy: HTML that needs no script. */
#ifndef PAGE_H
#define PAGE_H
#include "str.h"

/* A whole page; title is text, body HTML. */
char *page_html(struct arena *a, const char *title, const char *body);

/* Text as HTML: a line between backticks is code, [words](address) a link, **words** strong.  An address that begins with a slash
 * is below base_path. */
void page_words(struct buf *b, const char *text);
/* Paragraphs of that with empty lines between them; "## " begins a heading, "- " an entry of a list, four blanks a line of code. */
void page_text(struct buf *b, const char *text);

#endif
