import { Drawer, type DrawerProps, Modal, type ModalProps } from '@mantine/core';
import { useId, useLayoutEffect, useSyncExternalStore } from 'react';

/** Windows that are open now, the topmost last. */
let layers: readonly string[] = [];
const listeners = new Set<() => void>();

function setLayers(next: readonly string[]): void {
  layers = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether this window is the one on top: Escape closes that one alone, however many lie below. */
function useIsOnTop(opened: boolean | undefined): boolean {
  const id = useId();
  useLayoutEffect(() => {
    if (opened !== true) return;
    setLayers([...layers, id]);
    return () => setLayers(layers.filter((one) => one !== id));
  }, [opened, id]);
  return useSyncExternalStore(subscribe, () => layers.at(-1) === id);
}

/** Mantine draws a `header`, which assistive programs would take for the page's banner. */
const PLAIN_HEADER = { header: { component: 'div' } };

/** A window above the page. */
export function Dialog(props: ModalProps) {
  const onTop = useIsOnTop(props.opened);
  return <Modal attributes={PLAIN_HEADER} {...props} closeOnEscape={onTop} />;
}

/** A panel at the right edge. */
export function SidePanel(props: DrawerProps) {
  const onTop = useIsOnTop(props.opened);
  return <Drawer attributes={PLAIN_HEADER} {...props} closeOnEscape={onTop} />;
}
