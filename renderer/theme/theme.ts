import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** Pine: the ink of everything that is safe. Steps 7 and 8 carry white text at 6:1 or better. */
const pine: MantineColorsTuple = [
  '#ecf5f1',
  '#d9eae3',
  '#aed4c6',
  '#7fbfab',
  '#55a891',
  '#36957c',
  '#1f8069',
  '#166b58',
  '#0f5a4a',
  '#08443a',
];

const brick: MantineColorsTuple = [
  '#fcefeb',
  '#f7dcd4',
  '#edb8aa',
  '#e2917d',
  '#d86f56',
  '#cf5639',
  '#bd4529',
  '#a5391f',
  '#8c2f19',
  '#6d2413',
];

/** Mantine's own grey is blue; on paper it has to be warm. */
const gray: MantineColorsTuple = [
  '#f7f5f0',
  '#efece5',
  '#e8e4db',
  '#dcd7cc',
  '#cdc7b9',
  '#a9a497',
  '#6f6d64',
  '#55544c',
  '#3b3b35',
  '#24251f',
];

/** Warm at the bright end, green-black at the dark one: paper by day, slate by night. */
const dark: MantineColorsTuple = [
  '#e6ebe8',
  '#c9d1cd',
  '#a9b4af',
  '#8b9893',
  '#3d4946',
  '#2e3835',
  '#232b29',
  '#171d1c',
  '#121716',
  '#0d1110',
];

/** Windows above the page: their title is a heading, their ground the lightest there is. */
const DIALOG = {
  title: { fontSize: '1.1875rem', fontWeight: 650, letterSpacing: '-0.014em' },
  content: { background: 'var(--surface)' },
  header: { background: 'var(--surface)' },
};

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 7 },
  colors: { pine, brick, gray, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily:
    "-apple-system, BlinkMacSystemFont, 'Segoe UI Variable Text', 'Segoe UI', Inter, 'Adwaita Sans', Cantarell, Ubuntu, 'Noto Sans', 'Liberation Sans', system-ui, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Ubuntu Mono', 'Noto Sans Mono', 'Liberation Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '0.9375rem', lg: '1.0625rem', xl: '1.25rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '20px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.25' },
      h2: { fontSize: '1.1875rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        centered: true,
        radius: 'lg',
        padding: 'lg',
        closeButtonProps: { 'aria-label': 'Close' },
        overlayProps: { backgroundOpacity: 0.35, blur: 1 },
      },
      styles: DIALOG,
    },
    Drawer: {
      defaultProps: {
        position: 'right',
        padding: 'lg',
        closeButtonProps: { 'aria-label': 'Close' },
        overlayProps: { backgroundOpacity: 0.35 },
      },
      styles: DIALOG,
    },
    Tooltip: { defaultProps: { openDelay: 300, withinPortal: true, multiline: true, maw: 340 } },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: 'md', position: 'bottom-end', radius: 'md' } },
    Button: { defaultProps: { fw: 600 } },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: 'right' } },
  },
});

/** Ties Mantine's own variables to the tokens of `tokens.css`, so that there is one source of colour. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--paper)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--ink-2)',
    '--mantine-color-placeholder': 'var(--ink-3)',
    '--mantine-color-error': 'var(--danger-ink)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--sunken)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-anchor': 'var(--accent-ink)',
    '--mantine-primary-color-light': 'var(--accent-tint)',
    '--mantine-color-pine-light': 'var(--accent-tint)',
    '--mantine-color-pine-light-color': 'var(--accent-ink)',
    '--mantine-color-pine-text': 'var(--accent-ink)',
    '--mantine-color-pine-outline': 'var(--accent-ink)',
    '--mantine-color-brick-text': 'var(--danger-ink)',
    '--mantine-color-brick-light': 'var(--danger-tint)',
    '--mantine-color-brick-light-color': 'var(--danger-ink)',
  };
  return { variables: {}, light: shared, dark: shared };
};
