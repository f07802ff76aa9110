import { Kbd, Tooltip, UnstyledButton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import {
  IconActivity,
  IconHistory,
  IconHome,
  IconKeyboard,
  IconSearch,
  IconServer2,
  IconSettings,
} from '@tabler/icons-react';
import { type ReactNode, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Icon } from '../parts/words.ts';
import { Banners } from './banners.tsx';
import classes from './frame.module.css';
import { LiveStatus } from './live-status.tsx';
import { openPalette, Palette } from './palette.tsx';
import { Shortcuts } from './shortcuts.tsx';

interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
  /** Pressed after `g`. */
  readonly letter: string;
}

const PLACES: readonly Place[] = [
  { to: '/', label: 'Home', icon: IconHome, letter: 'h' },
  { to: '/history', label: 'History', icon: IconHistory, letter: 'y' },
  { to: '/destinations', label: 'Destinations', icon: IconServer2, letter: 'd' },
  { to: '/activity', label: 'Activity', icon: IconActivity, letter: 'a' },
  { to: '/settings', label: 'Settings', icon: IconSettings, letter: 's' },
];

/** Navigation at the left, banners on top, the screen beside. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const [location, navigate] = useLocation();
  const [shortcuts, setShortcuts] = useState<'open' | 'closed'>('closed');
  useGoKeys(navigate);
  useHotkeys([
    ['?', () => setShortcuts('open'), { usePhysicalKeys: false }],
    ['shift+?', () => setShortcuts('open')],
    ['/', () => navigate('/history/find/')],
  ]);
  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/useValidAnchor: a link to a place on this page; the router owns the address, so the focus is moved by hand */}
      <a className={classes.skip} href="#content" onClick={focusContent}>
        Skip to content
      </a>
      <nav className={classes.nav} aria-label="Main">
        <Link to="/" className={classes.brand} aria-label="Triplicate, home">
          <BrandMark />
          <span>Triplicate</span>
        </Link>
        <UnstyledButton className={classes.search} onClick={openPalette} aria-label="Search files and actions">
          <IconSearch size={16} stroke={2} aria-hidden />
          <span className={classes.searchWords}>Find anything</span>
          <Kbd size="xs" className={classes.kbd}>
            Ctrl K
          </Kbd>
        </UnstyledButton>
        <ul className={classes.places}>
          {PLACES.map((place) => (
            <li key={place.to}>
              <Link
                to={place.to}
                className={classes.place}
                aria-current={isAt(location, place.to) ? 'page' : undefined}
              >
                <place.icon size={20} stroke={1.7} aria-hidden />
                <span>{place.label}</span>
              </Link>
            </li>
          ))}
        </ul>
        <div className={classes.foot}>
          <LiveStatus />
          <Tooltip label="Keyboard shortcuts ( ? )">
            <UnstyledButton
              className={classes.keys}
              onClick={() => setShortcuts('open')}
              aria-label="Keyboard shortcuts"
            >
              <IconKeyboard size={18} stroke={1.7} aria-hidden />
              <span>Shortcuts</span>
            </UnstyledButton>
          </Tooltip>
        </div>
      </nav>
      <div className={classes.side}>
        <Banners />
        <main id="content" tabIndex={-1} className={classes.main}>
          {children}
        </main>
      </div>
      <Palette />
      <Shortcuts opened={shortcuts === 'open'} onClose={() => setShortcuts('closed')} />
    </div>
  );
}

function BrandMark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M16 19.5 4.6 24.2 16 29l11.4-4.8z" className={classes.markLow} />
      <path d="M16 12.5 4.6 17.2 16 22l11.4-4.8z" className={classes.markMiddle} />
      <path d="M16 3.5 4.6 8.8 16 14l11.4-5.2z" className={classes.markTop} />
    </svg>
  );
}

/** `g` and then a letter goes to a screen; a second has to follow within one. */
function useGoKeys(navigate: (to: string) => void): void {
  const pressedAt = useRef(0);
  useHotkeys([
    ['g', () => (pressedAt.current = Date.now())],
    ...PLACES.map(({ letter, to }): [string, () => void] => [
      letter,
      () => {
        if (Date.now() - pressedAt.current < 1_000) navigate(to);
      },
    ]),
  ]);
}

function isAt(location: string, place: string): boolean {
  return place === '/' ? location === '/' : location === place || location.startsWith(`${place}/`);
}

/** The address is the router's, so the link moves the focus and leaves the address alone. */
function focusContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
