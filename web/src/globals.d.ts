// What build.mjs puts in: the URL of the style sheet for formulas.
declare const FORMULA_STYLES: string;
