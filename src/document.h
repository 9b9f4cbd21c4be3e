/* document.h: a document that stays JSON text, looked into by rows of shapes: T_STR, T_NUMBER, T_BOOL, T_LABELS,
 * T_SUB, T_LIST and T_ONE_OF.  Other than what becomes a struct (shape.h), null is as if it were not
 * given, the first fault ends the look, and it says what is wrong by a word too. */
#ifndef DOCUMENT_H
#define DOCUMENT_H
#include "shape.h"

/* ERR_SHAPE: the first fault is added, with its place, such as `inputs[0].columns[2].dataType.type`, and as its code
 * TooLarge, MissingField, InvalidField, UnknownType or DuplicateName.  name: of the whole of it; most: bytes. */
enum err document_check(struct tx *tx, const char *name, const char *text, const struct shape *rows, size_t most);

#endif
