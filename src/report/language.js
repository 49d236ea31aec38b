// Some systems call their language what is no language tag (en-US@posix), and uPlot and every other
// Intl.NumberFormat(navigator.language) end with it.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
